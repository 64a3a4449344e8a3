/** Returns the text that the browser stores under `name`; null where there is none, or no storage. */
export function readStoredText(name: string): string | null {
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/** Stores `text` under `name`, or removes it. Without storage nothing is stored, and a reload begins without it. */
export function storeText(name: string, text: string | null): void {
  try {
    if (text === null) localStorage.removeItem(name);
    else localStorage.setItem(name, text);
  } catch {
    // A browser may refuse storage to a page, or be out of it.
  }
}
