import { setText } from './dom.ts';

const SHOWN_MILLISECONDS = 1_500;

/** Has `button` copy the text of `source`; `name` says what that is. */
export function enableCopyButton(
  button: HTMLButtonElement,
  source: HTMLElement,
  name: string,
): void {
  button.setAttribute('aria-label', `Copy ${name}`);
  button.addEventListener('click', async () => {
    const isCopied = await copyText(source.textContent);
    setText(button, isCopied ? 'Copied' : 'Press Ctrl+C');
    if (!isCopied) window.getSelection()?.selectAllChildren(source);
    window.setTimeout(() => setText(button, 'Copy'), SHOWN_MILLISECONDS);
  });
}

async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
