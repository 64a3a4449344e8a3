import { setMaxListeners } from 'node:events';
import type { Surroundings } from '../command.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGPIPE'] as const;

/**
 * Does work that leaves nothing behind when it is interrupted, and returns its result. What is to be removed or ended listens to
 * the signal that the work is given, which is aborted at its end too, and is done with when its listener returns.
 *
 * @param describe returns what to say about an interruption, except by SIGPIPE: nobody reads on then.
 */
export async function untilEnded<Result>(
  { onSignal, endBy, showProgress, writeError }: Interruptible,
  describe: () => string,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const end = () => {
    for (const each of unlisten) each();
    ending.abort(new Error('It was interrupted.'));
  };
  const unlisten = SIGNALS.map((name) =>
    onSignal(name, () => {
      end();
      showProgress('');
      if (name !== 'SIGPIPE') writeError(describe());
      endBy(name);
    }),
  );
  try {
    return await work(ending.signal);
  } finally {
    end();
  }
}

type Interruptible = Pick<Surroundings, 'onSignal' | 'endBy' | 'showProgress' | 'writeError'>;
