// One instance of one function. Runs in its own process, with only the function's environment.
import { createRequire } from 'node:module';
import type { Call, Report } from './messages.ts';
import { findPublicNames } from './public-names.ts';

const [, , file = '', publicNames = '{}'] = process.argv;

findPublicNames(JSON.parse(publicNames));

// The platform stores standard output as the function's log; here it goes to the gateway, in order with the result.
process.stdout.write = (chunk: string | Uint8Array) => {
  send({ kind: 'output', text: typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString() });
  return true;
};

const loaded: unknown = createRequire(file)(file);
const handler: unknown = Reflect.get(Object(loaded), 'main_handler');
if (typeof handler !== 'function') throw new TypeError(`Cannot run ${file}: no "main_handler"`);

process.on('message', ({ event, context, timeLimitMilliseconds }: Call) => {
  const endsAt = Date.now() + timeLimitMilliseconds;
  const scfContext = {
    ...context,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, endsAt - Date.now()),
  };
  Promise.resolve()
    .then((): unknown => handler(event, scfContext))
    .then(
      // The platform passes results on as JSON, so what JSON cannot represent is lost there, too.
      (value) => send({ kind: 'result', value: JSON.parse(JSON.stringify(value ?? null)) }),
      (error: unknown) => send({ kind: 'error', message: String(error) }),
    );
});
process.on('disconnect', () => process.exit());

send({ kind: 'ready' });

function send(report: Report): void {
  process.send?.(report);
}
