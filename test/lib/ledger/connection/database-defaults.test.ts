import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findPgBouncer } from '../../../support/find-pgbouncer.ts';
import { type PgBouncer, startPgBouncer } from '../../../support/pgbouncer.ts';
import { requirePresent } from '../../../support/requirement.ts';
import { useLedger } from '../../../support/use-ledger.ts';

const ISSUED_AT = Date.UTC(2026, 1, 3, 4, 5, 6, 789);
const stage = useLedger({ clock: { now: () => ISSUED_AT } });

/** The defaults that an operator may give to a database; sessions of before keep theirs. */
async function setDefaults(): Promise<void> {
  const database = new URL(stage.url).pathname.slice(1);
  for (const setting of [
    "datestyle = 'SQL, DMY'",
    "default_transaction_isolation = 'repeatable read'",
    'standard_conforming_strings = off',
    "timezone = 'Asia/Kathmandu'",
  ]) {
    await stage.sql.unsafe(`alter database ${database} set ${setting}`);
  }
}

describe.each([
  ['connected directly', false],
  ['behind a pooler', true],
])('a database with other defaults, %s', (_way, isPooled) => {
  let pooler: PgBouncer | undefined;
  let url: string;

  beforeAll(async () => {
    if (!isPooled || findPgBouncer() === undefined) return;
    pooler = await startPgBouncer(await stage.createDatabase('empty'), []);
  });
  afterAll(() => pooler?.close());
  beforeEach(async (context) => {
    if (isPooled) requirePresent(context, 'pgbouncer');
    await setDefaults();
    url = pooler?.urlOf(stage.url) ?? stage.url;
  });

  it('has the same times', async () => {
    const ledger = stage.open({ url });
    await ledger.issueUpload({
      ...({ uploadId: 'u1', method: 'client', owner: 'ann' } as const),
      fields: { expiresAt: ISSUED_AT + 1 },
    });

    const { items } = await ledger.listUploads({ limit: 1 });
    expect(items).toMatchObject([{ createdAt: ISSUED_AT, expiresAt: ISSUED_AT + 1 }]);
  });

  it('keeps quotas when many instances issue uploads at the same time', async () => {
    const ledgers = Array.from({ length: 8 }, () => stage.open({ url }));
    const asked = Array.from({ length: 40 }, (_, i) =>
      ledgers[i % 8]?.issueWithin('ann', { openUploads: 3 }, [
        { uploadId: `u${i}`, method: 'client', owner: 'ann', fields: { expiresAt: ISSUED_AT + 1 } },
      ]),
    );

    const verdicts = (await Promise.all(asked)).flat();
    expect(verdicts.filter((verdict) => verdict?.kind !== 'refused')).toHaveLength(3);
  });
});
