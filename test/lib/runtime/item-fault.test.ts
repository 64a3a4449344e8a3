import { describe, expect, it } from 'vitest';
import { LedgerError } from '../../../lib/ledger/ledger-error.ts';
import { explainItemFault, isItemFault } from '../../../lib/runtime/item-fault.ts';

describe('what the database refuses for its data', () => {
  it.each([
    ['21000', 'it tells of the same row twice'],
    ['22P05', 'it has a value that a column does not take'],
    ['23514', 'it contradicts a constraint'],
    ['54000', 'it is too long or too deep'],
  ])('is told of %s', (code, what) => {
    const error = new LedgerError('canary', { code, isPassing: false });

    expect(isItemFault(error)).toBe(true);
    expect(explainItemFault(error)).toEqual({
      code,
      reason: `The database refuses it with ${code}: ${what}.`,
    });
  });
});
