import { createElement } from './dom.ts';

/** One option: its field of the signature request, and how it is asked for. */
interface OptionField {
  readonly name: string;
  readonly label: string;
  readonly input: HTMLInputElement | HTMLSelectElement;
  readonly hint?: string;
  readonly suggestions?: readonly string[];
  /** Takes the whole width of the form. */
  readonly isWide?: boolean;
}

/** Answers the rows of the options form; each has an output for what the function says against its field. */
export function createOptionFields(): HTMLElement[] {
  return [
    {
      name: 'storageRegion',
      label: 'Storage region',
      input: createSelect([['', 'Fastest (the SDK races them)']]),
    },
    {
      name: 'classId',
      label: 'Class ID',
      input: createInput({ type: 'number', step: '1', inputmode: 'numeric', placeholder: '0' }),
    },
    {
      name: 'procedure',
      label: 'Procedure',
      input: createInput({ list: 'procedure-names', placeholder: 'None' }),
      suggestions: ['LongVideoPreset', 'SimpleAesEncryptPreset'],
      hint: 'Processing is simulated here.',
    },
    {
      name: 'taskNotifyMode',
      label: 'Procedure events',
      input: createSelect([
        ['', 'As VOD decides'],
        ['Finish', 'Finish: one, at the end'],
        ['Change', 'Change: one per step'],
        ['None', 'None'],
      ]),
    },
    {
      name: 'mediaExpireTime',
      label: 'Delete the media after',
      input: createInput({ type: 'datetime-local' }),
    },
    {
      name: 'expiresIn',
      label: 'Signature life, seconds',
      input: createInput({ type: 'number', step: '1', inputmode: 'numeric', placeholder: '3600' }),
    },
    {
      name: 'sourceContext',
      label: 'Source context',
      input: createInput({}),
      hint: 'Comes back in the event. The function’s own envelope needs a part of the 250 bytes.',
      isWide: true,
    },
  ].map(createField);
}

function createInput(attributes: Readonly<Record<string, string>>): HTMLInputElement {
  return createElement('input', {
    attributes: { type: 'text', autocomplete: 'off', spellcheck: 'false', ...attributes },
  });
}

function createSelect(options: readonly (readonly [string, string])[]): HTMLSelectElement {
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

function createField({ name, label, input, hint, suggestions, isWide }: OptionField): HTMLElement {
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
