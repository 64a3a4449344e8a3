import type { IncomingAnswer } from './transport.ts';

/**
 * Returns the milliseconds after which a request may be repeated, by the header `Retry-After`; undefined if the answer does
 * not say it.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function readRetryAfter({ headers }: Pick<IncomingAnswer, 'headers'>): number | undefined {
  const text = headers['retry-after'] ?? '';
  const seconds = /^\d{1,9}$/.test(text)
    ? Number(text) * 1_000
    : Date.parse(text) - Date.parse(headers.date ?? '');
  return Number.isNaN(seconds) ? undefined : Math.max(seconds, 0);
}
