import type { ComponentChildren } from 'preact';
import { StateChip } from './state-chip.tsx';
import type { Tone } from './tone.ts';

interface RowProps {
  /** Id of its name, which also labels its buttons. */
  readonly id: string;
  readonly name: ComponentChildren;
  readonly state: string;
  readonly tone: Tone;
  /** `data-` attributes of the row. */
  readonly data: Readonly<Record<`data-${string}`, string>>;
  readonly kind: 'pull' | 'recent';
  /** Shown between the name and the facts. */
  readonly trouble?: ComponentChildren;
  readonly facts: ComponentChildren;
  readonly buttons: ComponentChildren;
  /** What its buttons have opened below it. */
  readonly children?: ComponentChildren;
}

/** The row of one upload in a list: its name and state, facts, and actions. */
export function Row({
  id,
  name,
  state,
  tone,
  data,
  kind,
  trouble,
  facts,
  buttons,
  children,
}: RowProps) {
  return (
    <li class={`row ${kind}`} {...data}>
      <div class="row-head">
        <p class="row-name" id={id}>
          {name}
        </p>
        <StateChip text={state} tone={tone} />
      </div>
      {trouble}
      <div class="row-foot">
        <p class="row-facts">{facts}</p>
        <fieldset class="row-buttons" aria-labelledby={id}>
          {buttons}
        </fieldset>
      </div>
      {children}
    </li>
  );
}

interface ToggleProps {
  readonly text: string;
  readonly isOpen: { value: boolean };
  /** Shown instead of `text` while it is open. */
  readonly openText?: string;
  readonly action?: string;
}

/** A small button that opens and closes something below its row. */
export function Toggle({ text, openText = text, isOpen, action }: ToggleProps) {
  return (
    <button
      class="button button-small"
      type="button"
      data-action={action}
      aria-expanded={isOpen.value}
      onClick={() => {
        isOpen.value = !isOpen.value;
      }}
    >
      {isOpen.value ? openText : text}
    </button>
  );
}
