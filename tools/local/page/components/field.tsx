import type { ComponentChildren } from 'preact';

/** One field of a form. */
interface FieldProps {
  /** Name and id of the input. */
  readonly name: string;
  readonly label: string;
  readonly hint?: string | undefined;
  /** Length of the text and its limit. */
  readonly count?: string;
  /** The text is longer than its limit. */
  readonly isOver?: boolean;
  /** What is wrong with the text. */
  readonly problem?: string | undefined;
  /** Whether it has the whole width of the form. */
  readonly isWide?: boolean;
  /** The input, with {@link describeInput} of the same field. */
  readonly children: ComponentChildren;
}

/** The row of a field: label, input, hint, and the problem that the function reported. */
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

/** What is wrong with a field; shows nothing if it is right. */
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

/** Returns the attributes that connect the input of a field with its label, hint and problem. */
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
