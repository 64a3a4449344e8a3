import type { Signal } from '@preact/signals';
import type { ComponentChildren, JSX } from 'preact';

interface OptionsProps {
  readonly id: string;
  readonly isOpen: Signal<boolean>;
  /** Number of options that are set. */
  readonly set: number;
  readonly children: ComponentChildren;
}

/** The options of a form, which can be folded; the number of set ones is always visible. */
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
  /** What no choice means. */
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
