import { createElement, setText, setVisible } from './dom.ts';

/** One field of a form, and how it is asked for. */
interface Field {
  /** Name and id of the input. */
  readonly name: string;
  readonly label: string;
  readonly input: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
  readonly hint?: string;
  readonly suggestions?: readonly string[];
  /** Takes the whole width of the form. */
  readonly isWide?: boolean;
}

/** Returns an input for one line of text, unless `attributes` say otherwise. */
export function createInput(attributes: Readonly<Record<string, string>>): HTMLInputElement {
  return createElement('input', {
    attributes: { type: 'text', autocomplete: 'off', spellcheck: 'false', ...attributes },
  });
}

/** Returns a choice between values, each with its text. */
export function createSelect(options: readonly (readonly [string, string])[]): HTMLSelectElement {
  return createElement(
    'select',
    {},
    options.map(([value, text]) => createElement('option', { text, attributes: { value } })),
  );
}

function createSuggestions(name: string, values: readonly string[]): HTMLDataListElement {
  const options = values.map((value) => createElement('option', { attributes: { value } }));
  return createElement('datalist', { attributes: { id: `${name}-names` } }, options);
}

/** Returns the row of `field`: label, input, hint, and an output for what the function says against it. */
export function createField({ name, label, input, hint, suggestions, isWide }: Field): HTMLElement {
  const details = hint === undefined ? `${name}-error` : `${name}-hint ${name}-error`;
  input.id = name;
  input.setAttribute('name', name);
  input.setAttribute('aria-describedby', details);
  const heading = createElement('div', { class: 'label-row' }, [
    createElement('label', { text: label, attributes: { for: name } }),
    createElement('span', { class: 'hint', attributes: { id: `${name}-count` } }),
  ]);
  const children: Node[] = [heading, input];
  if (hint !== undefined) {
    children.push(
      createElement('p', { class: 'hint', text: hint, attributes: { id: `${name}-hint` } }),
    );
  }
  if (suggestions !== undefined) children.push(createSuggestions(name, suggestions));
  children.push(
    createElement('p', {
      class: 'field-error',
      attributes: { id: `${name}-error`, hidden: '' },
    }),
  );
  return createElement('div', { class: isWide ? 'field field-wide' : 'field' }, children);
}

/** Shows `message` beside the field with this id; tells whether there is one. */
export function showFieldProblem(id: string, message: string): boolean {
  const output = document.getElementById(`${id}-error`);
  const input = document.getElementById(id);
  if (output === null || input === null) return false;
  setText(output, message);
  setVisible(output, true);
  input.setAttribute('aria-invalid', 'true');
  return true;
}

/** Takes the message beside the field with this id away. */
export function clearFieldProblem(id: string): void {
  const output = document.getElementById(`${id}-error`);
  if (output === null) return;
  setVisible(output, false);
  document.getElementById(id)?.removeAttribute('aria-invalid');
}

/** Adds the regions that `select` does not offer yet. */
export function offerRegions(select: HTMLSelectElement, regions: readonly string[]): void {
  const known = new Set([...select.options].map(({ value }) => value));
  const missing = regions.filter((name) => !known.has(name));
  select.append(
    ...missing.map((name) => createElement('option', { text: name, attributes: { value: name } })),
  );
}
