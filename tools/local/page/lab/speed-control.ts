import { byId, createElement } from '../components/dom.ts';
import { formatBytes } from '../components/format.ts';
import type { StackControls } from '../stack/stack-controls.ts';

const LIMITS: readonly (number | null)[] = [null, 20_000_000, 5_000_000, 1_000_000, 250_000];

/** The switch for the emulator's upload speed. */
export interface SpeedControl {
  /** Shows the limit that the stack has at the moment. */
  refresh(): void;
}

/** Builds the switch. */
export function createSpeedControl(stack: StackControls): SpeedControl {
  const group = byId('speed', HTMLFieldSetElement);
  const inputs = LIMITS.map((limit) => {
    const input = createElement('input', {
      attributes: { type: 'radio', name: 'speed', value: String(limit) },
    });
    const text = limit === null ? 'No limit' : `${formatBytes(limit)}/s`.replace('.0', '');
    group.append(createElement('label', {}, [input, createElement('span', { text })]));
    input.addEventListener('change', () => {
      stack.setSpeed(limit).then(refresh, refresh);
    });
    return { limit, input };
  });

  function refresh(): void {
    // The offline banner tells when there is nothing to ask.
    stack.readSpeed().then(show, () => undefined);
  }
  function show(current: number | null): void {
    for (const { limit, input } of inputs) input.checked = limit === current;
  }
  return { refresh };
}
