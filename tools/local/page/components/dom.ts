/**
 * Returns the element of the page with this id.
 *
 * @throws If the page has no such element, or it is of another kind.
 */
export function byId<T extends Element>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new TypeError(`The page has no ${kind.name} with the id "${id}"`);
}

/** Attributes and text of a new element; text is never read as markup. */
interface ElementDetails {
  readonly class?: string;
  readonly text?: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

/** Returns a new element that is not in the page yet. */
export function createElement<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  details: ElementDetails = {},
  children: readonly Node[] = [],
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (details.class !== undefined) element.className = details.class;
  if (details.text !== undefined) element.textContent = details.text;
  for (const [name, value] of Object.entries(details.attributes ?? {})) {
    element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Writes `text` only where it differs, so that a selection and a screen reader are left in peace. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows or hides `element` with the `hidden` attribute. */
export function setVisible(element: HTMLElement, visible: boolean): void {
  if (element.hidden === visible) element.hidden = !visible;
}

/** Returns the rows of a two-column table: a heading and a value each. */
export function tableRows(
  facts: readonly { readonly name: string; readonly value: string; readonly note?: string }[],
): HTMLTableRowElement[] {
  return facts.map(({ name, value, note }) => {
    const cell = createElement('td', {}, [createElement('span', { class: 'value', text: value })]);
    if (note !== undefined) cell.append(createElement('span', { class: 'hint', text: note }));
    return createElement('tr', {}, [
      createElement('th', { text: name, attributes: { scope: 'row' } }),
      cell,
    ]);
  });
}
