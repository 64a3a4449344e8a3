import { formatBytes } from '../components/format.ts';
import type { LabModel } from './lab-model.ts';

const LIMITS: readonly (number | null)[] = [null, 20_000_000, 5_000_000, 1_000_000, 250_000];

/** Returns a limit in words. */
export function describeSpeed(limit: number | null): string {
  return limit === null ? 'No limit' : `${formatBytes(limit)}/s`.replace('.0', '');
}

/** Limits how fast the emulator accepts bytes. */
export function SpeedCard({ lab }: { readonly lab: LabModel }) {
  return (
    <section class="card" aria-labelledby="speed-heading">
      <header class="card-head">
        <h2 id="speed-heading">Upload speed</h2>
      </header>
      <p class="muted">
        A limit for everything sent to the emulator, so that there is time to watch, pause and break
        things.
      </p>
      <fieldset class="segments">
        <legend class="visually-hidden">Upload speed</legend>
        {LIMITS.map((limit) => (
          <label key={String(limit)}>
            <input
              type="radio"
              name="speed"
              value={String(limit)}
              checked={lab.speed.value === limit}
              onChange={() => lab.setSpeed(limit)}
            />
            <span>{describeSpeed(limit)}</span>
          </label>
        ))}
      </fieldset>
    </section>
  );
}
