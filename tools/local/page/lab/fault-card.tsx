import { useSignal } from '@preact/signals';
import type { ArmedFault } from '../stack/stack-controls.ts';
import type { LabModel } from './lab-model.ts';

/** Switches faults on; each takes effect at the next opportunity. */
export function FaultCard({ lab }: { readonly lab: LabModel }) {
  const times = useSignal('1');
  const value = useSignal('');
  const { available, armed } = lab.faults.value ?? { available: {}, armed: [] };

  function arm(fault: string): void {
    lab.arm({
      fault,
      times: Math.max(1, Number(times.value) || 1),
      ...(value.value === '' ? {} : { value: Number(value.value) }),
    });
  }
  return (
    <section class="card" aria-labelledby="faults-heading">
      <header class="card-head">
        <h2 id="faults-heading">Break it on purpose</h2>
        <button
          class="button button-small"
          type="button"
          aria-disabled={armed.length === 0}
          onClick={() => armed.length > 0 && lab.disarmAll()}
        >
          Disarm all
        </button>
      </header>
      <p class="muted">
        An armed fault strikes at its next chance. The SDK tries each of its calls to VOD four
        times, so arm four to see it give up; the functions try an API request three times.
      </p>
      <div class="fault-settings">
        <NumberField label="Strikes" text={times} min={1} />
        <NumberField label="Value" text={value} min={0} placeholder="default" />
      </div>
      <ul class="faults">
        {Object.entries(available).map(([name, text]) => (
          <li key={name}>
            <FaultButton
              name={name}
              text={text}
              armed={armed.find(({ fault }) => fault === name)}
              onClick={() => arm(name)}
            />
          </li>
        ))}
      </ul>
      {lab.faultProblem.value !== '' && (
        <p class="field-error" role="alert">
          {lab.faultProblem.value}
        </p>
      )}
    </section>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly text: { value: string };
  readonly min: number;
  readonly placeholder?: string;
}

function NumberField({ label, text, min, placeholder }: NumberFieldProps) {
  return (
    <label class="inline-field">
      {label}{' '}
      <input
        type="number"
        min={min}
        step="1"
        placeholder={placeholder}
        value={text.value}
        onInput={({ currentTarget }) => {
          text.value = currentTarget.value;
        }}
      />
    </label>
  );
}

interface FaultButtonProps {
  readonly name: string;
  readonly text: string;
  readonly armed: ArmedFault | undefined;
  readonly onClick: () => void;
}

function FaultButton({ name, text, armed, onClick }: FaultButtonProps) {
  return (
    <button
      class="fault"
      type="button"
      data-fault={name}
      data-armed={armed !== undefined}
      onClick={onClick}
    >
      <span class="fault-name">{name}</span>
      <span class="fault-badge">{armed === undefined ? 'Arm' : `Armed × ${armed.times}`}</span>
      <span class="fault-text">
        {text.split('`').map((piece, place) =>
          // Backticks enclose code.
          place % 2 === 1 ? <code key={piece}>{piece}</code> : piece,
        )}
      </span>
    </button>
  );
}
