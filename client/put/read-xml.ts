/** An element of an XML document: its text, and the elements in it. */
export interface XmlElement {
  readonly name: string;
  readonly text: string;
  readonly children: readonly XmlElement[];
}

interface OpenElement {
  name: string;
  text: string;
  children: XmlElement[];
}

const ENTITIES: Readonly<Record<string, string>> = {
  ...{ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" },
};

/**
 * Returns the root of an answer of storage, which has elements and text only. Attributes, comments and the declaration are
 * passed over. Returns undefined for anything that is no such document.
 */
export function readXml(document: string): XmlElement | undefined {
  const root: OpenElement = { name: '', text: '', children: [] };
  const open = [root];
  let at = 0;
  while (at < document.length) {
    const current = open.at(-1);
    if (current === undefined) return undefined;
    const tag = document.indexOf('<', at);
    current.text += decode(document.slice(at, tag === -1 ? undefined : tag));
    if (tag === -1) break;
    const end = document.indexOf('>', tag);
    if (end === -1) return undefined;
    if (!readTag(document.slice(tag + 1, end), open)) return undefined;
    at = end + 1;
  }
  return open.length === 1 ? root.children[0] : undefined;
}

/** Returns the text of the first child called `name`; the empty text without one. */
export function childText(element: XmlElement | undefined, name: string): string {
  return element?.children.find((child) => child.name === name)?.text.trim() ?? '';
}

/** Returns false for a tag that closes another element than the innermost. */
function readTag(tag: string, open: OpenElement[]): boolean {
  if (tag.startsWith('?') || tag.startsWith('!')) return true;
  if (tag.startsWith('/')) return open.pop()?.name === tag.slice(1).trim();
  const [, name = '', slash] = /^([^\s/]+)[^/]*(\/?)/.exec(tag) ?? [];
  const element: OpenElement = { name, text: '', children: [] };
  open.at(-1)?.children.push(element);
  if (slash !== '/') open.push(element);
  return true;
}

function decode(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (entity, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? entity;
    return String.fromCodePoint(Number.parseInt(decimal ?? hex, decimal === undefined ? 16 : 10));
  });
}
