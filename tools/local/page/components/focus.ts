/**
 * To be called where a button of `group` loses the focus. One that is hidden has lost it because it is gone: then the first
 * that is shown has it, so that a user of the keyboard stays where something can be done next.
 */
export function inheritFocus(
  { target }: { readonly target: unknown },
  group: Element | null,
): void {
  if (!(target instanceof HTMLElement && target.hidden)) return;
  // Not while the browser still moves it.
  queueMicrotask(() => {
    if (document.activeElement !== document.body) return;
    group?.querySelector<HTMLElement>('button:not([hidden], :disabled)')?.focus();
  });
}
