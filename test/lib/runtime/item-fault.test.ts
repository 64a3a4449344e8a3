import { describe, expect, it } from 'vitest';
import { LedgerError } from '../../../lib/ledger/ledger-error.ts';
import { Problem } from '../../../lib/problem.ts';
import { explainItemFault } from '../../../lib/runtime/item-fault.ts';

const refuseBy = (code: string) => new LedgerError('Refused.', { code, isTransient: false });

// These sentences are stored with dead items and shown to operators.
describe('explainItemFault()', () => {
  it.each([
    ['21000', 'it has the same row twice'],
    ['22003', 'it has a value that a column does not accept'],
    ['23514', 'it violates a constraint'],
    ['54000', 'it is too long or too deep'],
  ])('explains the SQLSTATE %s by its class', (code, what) => {
    const reason = `The database refuses it with ${code}: ${what}.`;

    expect(explainItemFault(refuseBy(code))).toEqual({ code, reason });
  });

  it("explains VOD's refusals and internal errors by the code alone", () => {
    const vod = { code: 'InvalidParameterValue.FileId', requestId: 'r-1' };
    const refused = new Problem('Refused.', { code: 'upstream_rejected', vod });

    expect(explainItemFault(refused).reason).toBe(
      'VOD refuses a call about it with InvalidParameterValue.FileId.',
    );
    expect(explainItemFault(new RangeError('canary')).reason).toBe(
      'The service cannot process it: it fails with RangeError.',
    );
  });
});
