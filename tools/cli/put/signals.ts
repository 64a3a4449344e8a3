import type { RateGate } from '../../../client/put/rate-limit.ts';
import type { Surroundings } from '../command.ts';

/** What signals act on. */
interface Signalled {
  readonly surroundings: Pick<Surroundings, 'onSignal'>;
  /** Ends all uploads, so that they can be continued. */
  readonly stop: AbortController;
  readonly gate: RateGate;
  readonly note: (text: string) => void;
}

/**
 * Interrupts all uploads at the first SIGINT or SIGTERM, and once nobody reads the output; the second one ends the program at
 * once, as without this. SIGUSR2 holds all uploads, and lets them go on at the next time. Returns the function that ends this.
 */
export function listenToSignals({ surroundings, stop, gate, note }: Signalled): () => void {
  const { onSignal } = surroundings;
  const interrupt = () => {
    for (const end of interrupts) end();
    stop.abort(new Error('It was interrupted.'));
  };
  const interrupts = (['SIGINT', 'SIGTERM', 'SIGPIPE'] as const).map((name) =>
    onSignal(name, interrupt),
  );
  const endHold = onSignal('SIGUSR2', () => {
    note(gate.toggle() ? 'Held: SIGUSR2 lets it go on.' : 'It goes on.');
  });
  return () => {
    for (const end of [...interrupts, endHold]) end();
  };
}

/** Returns how to continue what was interrupted. */
export function describeResume(
  args: readonly string[],
  files: number,
  { state, program }: { readonly state: string; readonly program: string },
): string {
  const typed = [program, 'put', ...args.map(quote)].join(' ');
  const what = files === 1 ? 'one file' : `${files} files`;
  return `Paused with ${what} left; the state is in ${state}.\nTo go on: ${typed}\nTo remove what was sent, add --abort.`;
}

/** Returns a word as a shell reads it. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
