import { createRequire } from 'node:module';
import { compare } from '../measure.ts';

const IN_FLIGHT = 8;

type PullOnce = () => Promise<{ statusCode: number }>;

function load(file: string): PullOnce {
  const handler: PullOnce = createRequire(file)(file).main_handler;
  return handler;
}

async function report(sdkFile: string, clientFile: string): Promise<void> {
  const sdk = load(sdkFile);
  const client = load(clientFile);
  const many = (pull: PullOnce) => () => Promise.all(Array.from({ length: IN_FLIGHT }, pull));
  const ratios = await compare([
    { name: `SDK defaults, ${IN_FLIGHT} in flight`, run: many(sdk) },
    { name: `lib/vod, ${IN_FLIGHT} in flight`, run: many(client) },
    { name: `SDK defaults, ${IN_FLIGHT} one by one`, run: inTurn(sdk) },
    { name: `lib/vod, ${IN_FLIGHT} one by one`, run: inTurn(client) },
  ]);
  process.stdout.write(JSON.stringify(ratios), () => process.exit());
}

function inTurn(pull: PullOnce): () => Promise<void> {
  return async () => {
    for (let i = 0; i < IN_FLIGHT; i += 1) await pull();
  };
}

void report(process.argv[2] ?? '', process.argv[3] ?? '');
