/**
 * Called when a button of `group` loses the focus. If it lost it because it was hidden, the first visible button gets
 * the focus, so that a user of the keyboard stays at the next possible step.
 */
export function inheritFocus(
  { target }: { readonly target: unknown },
  group: Element | null,
): void {
  if (!(target instanceof HTMLElement && target.hidden)) return;
  // Waits until the browser has moved the focus.
  queueMicrotask(() => {
    if (document.activeElement !== document.body) return;
    group?.querySelector<HTMLElement>('button:not([hidden], :disabled)')?.focus();
  });
}
