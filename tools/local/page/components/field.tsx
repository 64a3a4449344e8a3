import type { ComponentChildren } from 'preact';

/** One field of a form, and how it is asked for. */
interface FieldProps {
  /** Name and id of the input. */
  readonly name: string;
  readonly label: string;
  readonly hint?: string | undefined;
  /** How much of what fits is written. */
  readonly count?: string;
  /** More is written than fits. */
  readonly isOver?: boolean;
  /** What is wrong with what is written. */
  readonly problem?: string | undefined;
  /** Takes the whole width of the form. */
  readonly isWide?: boolean;
  /** The input, with {@link describeInput} of the same field. */
  readonly children: ComponentChildren;
}

/** The row of a field: label, input, hint, and what the function says against it. */
export function Field({
  name,
  label,
  hint,
  count,
  isOver = false,
  problem = '',
  isWide = false,
  children,
}: FieldProps) {
  return (
    <div class={isWide ? 'field field-wide' : 'field'}>
      <div class="label-row">
        <label for={name}>{label}</label>
        {count !== undefined && (
          <span id={`${name}-count`} class={isOver ? 'hint is-over' : 'hint'}>
            {count}
          </span>
        )}
      </div>
      {children}
      {hint !== undefined && (
        <p id={`${name}-hint`} class="hint">
          {hint}
        </p>
      )}
      <FieldProblem name={name} problem={problem} />
    </div>
  );
}

/** What is wrong with a field; nothing is shown where nothing is. */
export function FieldProblem({
  name,
  problem,
}: {
  readonly name: string;
  readonly problem: string;
}) {
  return (
    <p id={`${name}-error`} class="field-error" hidden={problem === ''}>
      {problem}
    </p>
  );
}

/** Returns the attributes that tie the input of a field to its label, hint and problem. */
export function describeInput({
  name,
  hint,
  problem = '',
}: Pick<FieldProps, 'name' | 'hint' | 'problem'>) {
  return {
    id: name,
    name,
    autocomplete: 'off',
    spellcheck: false,
    'aria-describedby': hint === undefined ? `${name}-error` : `${name}-hint ${name}-error`,
    ...(problem === '' ? {} : { 'aria-invalid': true }),
  } as const;
}
