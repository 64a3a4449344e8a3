import type { LabModel } from './lab-model.ts';
import { describeSpeed } from './speed-card.tsx';

/** Says what the lab does to uploads at the moment; shows nothing if it does nothing. */
export function LabNote({ lab }: { readonly lab: LabModel }) {
  const armed = lab.faults.value?.armed ?? [];
  const speed = lab.speed.value;
  if (armed.length === 0 && speed === null) return null;
  const faults = armed.map(({ fault, times }) => `${fault} × ${times}`);
  return (
    <p class="notice lab-note">
      {faults.length > 0 && <span>Armed: {faults.join(', ')}. </span>}
      {speed !== null && <span>Limited to {describeSpeed(speed)}. </span>}
      <a href="#lab">Open the Lab</a>
    </p>
  );
}
