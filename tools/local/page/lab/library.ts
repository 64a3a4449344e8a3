import { byId, createElement, setText, setVisible } from '../components/dom.ts';
import { describeApplications } from '../stack/applications.ts';
import type { LibraryEntry, StackInfo } from '../stack/stack-controls.ts';

const MAX_ENTRIES = 8;

/** Shows what the emulator has committed, newest first, and whose account it is. */
export function renderLibrary(info: StackInfo): void {
  const { media, secretId, callbackUrl } = info;
  const newest = media.slice(-MAX_ENTRIES).reverse();
  setVisible(byId('library-card', HTMLElement), newest.length > 0);
  byId('library', HTMLUListElement).replaceChildren(...newest.map(createEntry));
  setText(
    byId('account', HTMLParagraphElement),
    `Made-up account: ${describeApplications(info)}, secret ID ${secretId}, notifications go to ${callbackUrl}`,
  );
}

function createEntry({ fileId, name, mediaUrl }: LibraryEntry): HTMLLIElement {
  return createElement('li', {}, [
    createElement('a', { text: name || fileId, attributes: { href: mediaUrl, target: '_blank' } }),
    createElement('code', { text: fileId }),
  ]);
}
