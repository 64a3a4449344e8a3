import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin, PluginBuild } from 'esbuild';

const FOLDER = fileURLToPath(new URL('./replacements/', import.meta.url));

/**
 * Replacements for the modules that a package imports, by package and module.
 *
 * Unchanged, the VOD SDK is 574 kB, nearly all of it tables that no call uses: host names in every script
 * (`whatwg-url`, through `node-fetch`), types of files (`mime-db`, through `form-data`), big numbers. Middy loads
 * Node's streams for responses that only another platform supports, and PostgreSQL's driver makes a second client for
 * logical replication.
 */
const STAND_INS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'tencentcloud-sdk-nodejs-common': {
    'node-fetch': `export { fetch as default } from './fetch.ts'`,
    'https-proxy-agent': `export { refuseProxy as default } from './proxy.ts'`,
    'json-bigint': `export { createJson as default } from './json.ts'`,
    'is-stream': `export { isStream as default } from './streams.ts'`,
    'get-stream': `export { refuseStream as default } from './streams.ts'`,
    'form-data': `export { refuseStream as default } from './streams.ts'`,
    './sse_response_model': `export { refuseStream as SSEResponseModel } from './streams.ts'`,
    // It is imported as a whole, and copying all its properties takes time at each start.
    crypto: `export { createHash, createHmac } from 'node:crypto'`,
    uuid: `export { createTraceId as v4 } from './trace-id.ts'`,
  },
  '@middy/core': {
    'node:stream': `export { refuseStream as Readable } from './streams.ts'`,
    'node:stream/promises': `export { refuseStream as pipeline } from './streams.ts'`,
    'node:stream/web': `export { refuseStream as ReadableStream } from './streams.ts'`,
  },
  postgres: {
    './subscribe.js': `export { prepareSubscription as default } from './postgres.ts'`,
    './large.js': `export { refuseDriverPart as default } from './postgres.ts'`,
  },
};

/** One of the vendor's more than two hundred methods that only name the call. */
const NAMED_CALL =
  /^ {4}async (\w+)\(req, cb\) \{\n {8}return this\.request\("\1", req, cb\);\n {4}\}\n/gm;

/** Methods of the vendor's client for an older kind of signature and for bytes: no client here is made for either. */
const UNUSED_METHODS = ['requestOctetStream', 'mergeData', 'formatRequestData', 'formatSignString'];

/**
 * Returns the esbuild plugin that removes from packages what the functions do not use.
 *
 * The VOD SDK's signing, requests and answers remain unchanged, from its build with ES modules. Calls go through
 * `client.request(action, request)`: methods such as `client.PullUpload()` are removed.
 */
export function leanPackages(): Plugin {
  return {
    name: 'lean-packages',
    setup: (build) => {
      for (const [name, modules] of Object.entries(STAND_INS)) replacement(build, name, modules);
      trimVodSdk(build);
    },
  };
}

function replacement(
  build: PluginBuild,
  name: string,
  modules: Readonly<Record<string, string>>,
): void {
  const importedBy = new RegExp(`[\\\\/]node_modules[\\\\/]${name.replace('/', '[\\\\/]')}[\\\\/]`);
  const filter = new RegExp(`^(?:${Object.keys(modules).join('|')})$`);
  build.onResolve({ filter }, ({ path, importer }) =>
    importedBy.test(importer) ? { path, namespace: name, sideEffects: false } : undefined,
  );
  build.onLoad({ filter, namespace: name }, ({ path }) => ({
    contents: modules[path] ?? '',
    resolveDir: FOLDER,
  }));
}

function trimVodSdk(build: PluginBuild): void {
  build.onResolve({ filter: /^tencentcloud-sdk-nodejs-vod\/tencentcloud\// }, (args) =>
    build.resolve(args.path.replace('/tencentcloud/', '/es/'), {
      kind: args.kind,
      resolveDir: args.resolveDir,
    }),
  );
  // The package as a whole also reads credentials from files and from the network.
  build.onResolve({ filter: /^tencentcloud-sdk-nodejs-common$/ }, (args) =>
    build.resolve('tencentcloud-sdk-nodejs-common/es/common/abstract_client.js', {
      kind: args.kind,
      resolveDir: args.resolveDir,
    }),
  );
  build.onLoad({ filter: /[\\/]es[\\/]common[\\/]abstract_client\.js$/ }, async ({ path }) => ({
    contents: UNUSED_METHODS.reduce(removeMethod, await readFile(path, 'utf8')),
  }));
  build.onLoad({ filter: /[\\/]es[\\/].*[\\/]vod_client\.js$/ }, async ({ path }) => ({
    contents: (await readFile(path, 'utf8')).replace(NAMED_CALL, ''),
  }));
}

/** @throws {Error} if there is no such method: then an update of the package may use another one in its place. */
function removeMethod(source: string, name: string): string {
  const method = new RegExp(
    `^ {4}(?:async )?${name}\\(.*\\) \\{\\n(?: {5,}.*\\n|\\n)*? {4}\\}\\n`,
    'm',
  );
  if (!method.test(source)) throw new Error(`The vendor's client has no method ${name} any more.`);
  return source.replace(method, '');
}
