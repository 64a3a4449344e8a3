import type { Signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';

interface OptionsProps {
  readonly id: string;
  readonly isOpen: Signal<boolean>;
  /** How many are set. */
  readonly set: number;
  readonly children: ComponentChildren;
}

/** The options of a form, folded; how many are set can be seen all the same. */
export function Options({ id, isOpen, set, children }: OptionsProps) {
  return (
    <details
      id={id}
      class="options"
      open={isOpen.value}
      onToggle={({ currentTarget }) => {
        isOpen.value = currentTarget.open;
      }}
    >
      <summary>
        Options <span class="muted">{set === 0 ? 'none set' : `${set} set`}</span>
      </summary>
      {children}
    </details>
  );
}

interface RegionSelectProps {
  readonly regions: readonly string[];
  /** What it means to choose none. */
  readonly none: string;
  readonly input: JSX.IntrinsicElements['select'];
}

/** The storage regions to choose from. */
export function RegionSelect({ regions, none, input }: RegionSelectProps) {
  return (
    <select {...input}>
      <option value="">{none}</option>
      {regions.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}
