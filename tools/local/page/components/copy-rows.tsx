import { useSignal } from '@preact/signals';
import { useRef } from 'preact/hooks';

/** A value to be copied, with its name. */
export interface CopyRow {
  readonly name: string;
  readonly value: string;
  /** Id of the element that has the value. */
  readonly id?: string;
  /** `data-field` of that element. */
  readonly field?: string;
}

const SHOWN_MILLISECONDS = 1_500;

/** Values, each with a button that copies it; rows without a value are left out. */
export function CopyRows({ rows }: { readonly rows: readonly CopyRow[] }) {
  return (
    <dl class="copy-rows">
      {rows
        .filter(({ value }) => value !== '')
        .map((row) => (
          <Row key={row.name} {...row} />
        ))}
    </dl>
  );
}

function Row({ name, value, id, field }: CopyRow) {
  const source = useRef<HTMLElement>(null);
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <code ref={source} id={id} data-field={field}>
          {value}
        </code>
        <CopyButton text={value} name={name} source={source} />
      </dd>
    </div>
  );
}

interface CopyButtonProps {
  readonly text: string;
  /** Name of the copied value. */
  readonly name: string;
  /** Selected if the browser does not allow the page to copy. */
  readonly source: { readonly current: HTMLElement | null };
}

/** Copies a text, and shows this for a moment. */
export function CopyButton({ text, name, source }: CopyButtonProps) {
  const label = useSignal('Copy');

  async function copy(): Promise<void> {
    const isCopied = await copyText(text);
    label.value = isCopied ? 'Copied' : 'Press Ctrl+C';
    if (!isCopied && source.current !== null) {
      window.getSelection()?.selectAllChildren(source.current);
    }
    window.setTimeout(() => {
      label.value = 'Copy';
    }, SHOWN_MILLISECONDS);
  }
  return (
    <button
      class="button button-small"
      type="button"
      aria-label={`${label.value} ${name}`}
      onClick={() => void copy()}
    >
      {label.value}
    </button>
  );
}

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
