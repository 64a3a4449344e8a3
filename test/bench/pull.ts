import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundleFiles } from '../../tools/deploy/bundle.ts';
import { compareProcesses, type Ratio } from './measure.ts';
import { type PullServer, startPullServer } from './pull-server.ts';

const SDK = fileURLToPath(new URL('./handlers/sdk.ts', import.meta.url));
const CLIENT = fileURLToPath(new URL('./handlers/client.ts', import.meta.url));
const THROUGHPUT = fileURLToPath(new URL('./handlers/throughput.ts', import.meta.url));

const EVENT = {
  httpMethod: 'POST',
  path: '/',
  headers: { accept: '*/*' },
  queryString: {},
  body: '{"mediaUrl":"https://media.example.com/a.mp4"}',
};

/** The results of the benchmarks of calls to VOD. */
export interface PullFigures {
  /** Load and first call, in units of a handler with the unmodified SDK: that one, one with `lib/vod`, and `pull`. */
  readonly start: readonly Ratio[];
  /** Time of 8 pulls, in units of the unmodified SDK at 8 in flight: that, `lib/vod`, and both one by one. */
  readonly throughput: readonly Ratio[];
  /** New connections in 60 calls and after 6 idle seconds. */
  readonly connections: readonly [many: number, idle: number];
}

/**
 * Measures calls to VOD against a server in this process: the first call in fresh processes, and many calls in one
 * process.
 *
 * @param pullFile the built `pull` function.
 */
export async function measurePull(folder: string, pullFile: string): Promise<PullFigures> {
  const server = await startPullServer();
  try {
    const [sdk] = await bundleFiles([SDK], []);
    const [client] = await bundleFiles([CLIENT]);
    const [throughput] = await bundleFiles([THROUGHPUT], []);
    if (sdk === undefined || client === undefined || throughput === undefined) {
      throw new Error('Nothing was bundled');
    }
    for (const { name, code } of [sdk, client, throughput]) {
      await writeFile(join(folder, `${name}.js`), code);
    }
    return {
      start: await measureStart(folder, pullFile, server),
      throughput: await measureThroughput(folder, server),
      connections: await countConnections(folder, server),
    };
  } finally {
    server.close();
  }
}

function environment({ endpoint }: PullServer): NodeJS.ProcessEnv {
  return {
    AUTH: 'none',
    VOD_SECRET_ID: 'AKIDexample',
    VOD_SECRET_KEY: 'secret-key-example',
    VOD_API_ENDPOINT: endpoint,
    VOD_API_PROTOCOL: 'http',
  };
}

/** Each process loads a handler, calls it once, and prints how long that took. */
async function measureStart(
  folder: string,
  pullFile: string,
  server: PullServer,
): Promise<readonly Ratio[]> {
  const scripts = [
    { name: 'handler with the SDK as it comes', file: join(folder, 'sdk.js') },
    { name: 'handler with lib/vod', file: join(folder, 'client.js') },
    { name: 'pull function', file: pullFile },
  ];
  const loaders = await Promise.all(
    scripts.map(async ({ name, file }, index) => {
      const loader = join(folder, `call-${index}.js`);
      await writeFile(
        loader,
        `const startedAt = performance.now();
require(${JSON.stringify(file)}).main_handler(${JSON.stringify(EVENT)}, {}).then(({ statusCode, body }) => {
  const milliseconds = performance.now() - startedAt;
  if (statusCode !== 202) throw new Error(statusCode + ' ' + body);
  console.log(milliseconds);
  process.exit();
});`,
      );
      return { name, file: loader };
    }),
  );
  return compareProcesses(loaders, { measure: 'printed', environment: environment(server) });
}

async function measureThroughput(folder: string, server: PullServer): Promise<readonly Ratio[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(folder, 'throughput.js'), join(folder, 'sdk.js'), join(folder, 'client.js')],
    { env: environment(server) },
  );
  const ratios: readonly Ratio[] = JSON.parse(stdout);
  return ratios;
}

/** Makes one call, then a number of further ones, and another one after the given number of milliseconds. */
const COUNTING = `
const [file, calls, pause] = process.argv.slice(2);
const { main_handler } = require(file);
(async () => {
  await main_handler();
  for (let i = 0; i < Number(calls); i += 1) await main_handler();
  await new Promise((resolve) => setTimeout(resolve, Number(pause)));
  await main_handler();
  process.exit();
})();`;

async function countConnections(
  folder: string,
  server: PullServer,
): Promise<readonly [many: number, idle: number]> {
  const script = join(folder, 'count.js');
  await writeFile(script, COUNTING);
  const count = async (calls: number, pause: number) => {
    const before = server.connections();
    const file = join(folder, 'client.js');
    await promisify(execFile)(process.execPath, [script, file, String(calls), String(pause)], {
      env: environment(server),
    });
    return server.connections() - before - 1;
  };
  return [await count(60, 0), await count(0, 6_000)];
}
