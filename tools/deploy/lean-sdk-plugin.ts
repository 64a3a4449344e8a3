import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Plugin, PluginBuild } from 'esbuild';

const STAND_INS_FOLDER = fileURLToPath(new URL('./lean-sdk/', import.meta.url));

/**
 * What stands in for the modules that the vendor's client imports, and what they are there for.
 *
 * As it comes, the client is 574 kB, nearly all of it tables that a call of VOD never looks at: host names in every
 * script (`whatwg-url`, by way of `node-fetch`), types of files (`mime-db`, by way of `form-data`), big numbers.
 */
const STAND_INS: Readonly<Record<string, string>> = {
  'node-fetch': `export { fetch as default } from './fetch.ts'`,
  'https-proxy-agent': `export { refuseProxy as default } from './proxy.ts'`,
  'json-bigint': `export { createJson as default } from './json.ts'`,
  'is-stream': `export { isStream as default } from './streams.ts'`,
  'get-stream': `export { refuseStream as default } from './streams.ts'`,
  'form-data': `export { refuseStream as default } from './streams.ts'`,
  './sse_response_model': `export { refuseStream as SSEResponseModel } from './streams.ts'`,
  uuid: `export { createTraceId as v4 } from './trace-id.ts'`,
};

const REPLACED = new RegExp(`^(?:${Object.keys(STAND_INS).join('|')})$`);

const COMMON_PACKAGE = /[\\/]tencentcloud-sdk-nodejs-common[\\/]/;

/** One of the vendor's methods that do nothing but name the call; there are more than two hundred. */
const NAMED_CALL =
  /^ {4}async (\w+)\(req, cb\) \{\n {8}return this\.request\("\1", req, cb\);\n {4}\}\n/gm;

/**
 * Answers the esbuild plugin that leaves out of the vendor's SDK what calling VOD does not need. What remains are the
 * vendor's own signing, requests and answers, from the build of the SDK that has ES modules.
 *
 * Calls go through `client.request(action, request)`: methods such as `client.PullUpload()` are left out.
 */
export function leanSdk(): Plugin {
  return { name: 'lean-sdk', setup: setUpLeanSdk };
}

function setUpLeanSdk(build: PluginBuild): void {
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
  build.onResolve({ filter: REPLACED }, ({ path, importer }) =>
    COMMON_PACKAGE.test(importer) ? { path, namespace: 'lean-sdk', sideEffects: false } : undefined,
  );
  build.onLoad({ filter: /./, namespace: 'lean-sdk' }, ({ path }) => ({
    contents: STAND_INS[path] ?? '',
    resolveDir: STAND_INS_FOLDER,
  }));
  build.onLoad({ filter: /[\\/]es[\\/].*[\\/]vod_client\.js$/ }, async ({ path }) => ({
    contents: (await readFile(path, 'utf8')).replace(NAMED_CALL, ''),
  }));
}
