// Runs in its own process: calls one built function again and again, and prints how much of its memory is retained.
import { createRequire } from 'node:module';

async function report(file: string, count: number, event: unknown): Promise<void> {
  const loaded: unknown = createRequire(file)(file);
  const handler: unknown = Reflect.get(Object(loaded), 'main_handler');
  if (typeof handler !== 'function') throw new TypeError(`Cannot call ${file}: no "main_handler"`);
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = () => true;

  const context = { request_id: 'call-1', getRemainingTimeInMillis: () => 60_000 };
  const warm = Math.floor(count / 2);
  const used: number[] = [];
  for (let i = 1; i <= count; i += 1) {
    await handler(event, context);
    if (i !== warm && i !== count) continue;
    globalThis.gc?.();
    used.push(process.memoryUsage().heapUsed);
  }
  const [first = 0, last = 0] = used;
  write(String(last - first), () => process.exit());
}

const [, , file = '', count = '', event = ''] = process.argv;
void report(file, Number(count), JSON.parse(event));
