import { formatClock } from '../components/format.ts';
import type { Recorded } from '../stack/recorded.ts';
import type { LabModel } from './lab-model.ts';
import { describeSweep } from './sweep-text.ts';

/** Fires the timer of the `sweep` function, and shows what it did. */
export function SweepCard({ lab }: { readonly lab: LabModel }) {
  const isSweeping = lab.isSweeping.value;
  const run = lab.lastSweep.value;
  const steps = run === undefined ? [] : describeSweep(run.summary);
  const problem = lab.sweepProblem.value;
  return (
    <section id="sweep-card" class="card" aria-labelledby="sweep-heading">
      <header class="card-head">
        <h2 id="sweep-heading">Sweep</h2>
        <button
          id="sweep-run"
          class="button button-small"
          type="button"
          aria-disabled={isSweeping}
          onClick={() => void lab.sweep()}
        >
          {isSweeping ? 'Sweeping…' : 'Run sweep'}
        </button>
      </header>
      <p class="muted">
        A timer fires the <code>sweep</code> function every minute. It finds media that no
        notification reported once they are a minute old, and retries webhooks that were not
        accepted. The button runs it now.
      </p>
      <p
        class="sweep-state"
        role="status"
        data-tone={problem !== '' || run?.failed === true ? 'bad' : 'plain'}
      >
        {problem ||
          (run === undefined ? 'It has not run yet.' : describeRun(run, steps.length === 0))}
      </p>
      {steps.length > 0 && (
        <dl class="sweep-summary">
          {steps.map(({ name, text }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{text}</dd>
            </div>
          ))}
        </dl>
      )}
    </section>
  );
}

function describeRun(run: Recorded<'sweep'>, isIdle: boolean): string {
  const when = formatClock(new Date(run.at)).slice(0, 8);
  const who = run.firedBy === 'hand' ? 'you' : 'the timer';
  const what = isIdle ? 'nothing to do' : `${Math.round(run.milliseconds)} ms`;
  return `${when}, by ${who}: ${run.failed ? 'failed' : what}`;
}
