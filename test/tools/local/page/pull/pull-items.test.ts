import { describe, expect, it } from 'vitest';
import { createPullItems } from '../../../../../tools/local/page/pull/pull-items.ts';
import { readUpload } from '../../../../../tools/local/page/stack/ledger-answers.ts';

const pullOf = (mediaUrl: string) => ({ mediaUrl });
const sentAs = (uploadId: string) => ({ kind: 'sent', uploadId, taskId: null }) as const;
const uploads = ['U1', 'U0'].map((uploadId) => readUpload({ uploadId, method: 'pull' }));

function listRows({ all }: ReturnType<typeof createPullItems>) {
  return all.value.map(({ outcome, kept }) => [
    outcome.kind === 'sent' ? outcome.uploadId : outcome.kind,
    kept === undefined ? 'requested' : 'restored',
  ]);
}

describe('restore()', () => {
  it('adds the pulls from before a reload that have no row', () => {
    const rows = createPullItems();
    rows.settle(rows.add([pullOf('https://example.com/1')]), [sentAs('U1')]);

    rows.restore(uploads);

    expect(listRows(rows)).toEqual([
      ['U1', 'requested'],
      ['U0', 'restored'],
    ]);
  });

  it('leaves no second row of a pull that was being sent then', () => {
    const rows = createPullItems();
    const sending = rows.add([pullOf('https://example.com/1'), pullOf('https://example.com/2')]);
    rows.restore(uploads);

    rows.settle(sending, [sentAs('U1'), sentAs('U2')]);

    expect(listRows(rows)).toEqual([
      ['U1', 'requested'],
      ['U2', 'requested'],
      ['U0', 'restored'],
    ]);
  });
});

describe('settle()', () => {
  it('keeps both rows of a pull that was requested twice', () => {
    const rows = createPullItems();
    rows.settle(rows.add([pullOf('https://example.com/1')]), [sentAs('U1')]);
    rows.settle(rows.add([pullOf('https://example.com/1')]), [sentAs('U1')]);

    expect(listRows(rows)).toEqual([
      ['U1', 'requested'],
      ['U1', 'requested'],
    ]);
  });
});
