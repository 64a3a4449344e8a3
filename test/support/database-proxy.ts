import { connect, createServer, type Socket } from 'node:net';
import { listen } from './listen.ts';

/**
 * Opens a proxy between a ledger and its database, at `url`. `mute()` keeps open connections open without any further answer,
 * and `dropNextAnswer()` closes the connection instead of passing on the next answer.
 */
export async function openProxy(to: URL) {
  const muted = new Set<Socket>();
  const inners = new Set<Socket>();
  let answersToDrop = 0;
  const proxy = createServer((inner) => {
    const outer = connect(Number(to.port), to.hostname);
    inners.add(inner);
    inner.on('data', (data) => muted.has(inner) || outer.write(data));
    outer.on('data', (data) => {
      if (muted.has(inner)) return;
      if (answersToDrop > 0) {
        answersToDrop -= 1;
        inner.destroy();
      } else inner.write(data);
    });
    inner.on('close', () => outer.destroy());
    outer.on('error', () => undefined).on('close', () => inner.destroy());
  });
  const { host, close } = await listen(proxy);
  const through = new URL(to);
  through.host = host;
  return {
    url: through.href,
    mute: () => {
      for (const inner of inners) muted.add(inner);
    },
    dropNextAnswer: () => {
      answersToDrop = 1;
    },
    close,
  };
}
