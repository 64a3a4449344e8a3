import { describe, expect, it } from 'vitest';
import { createConnection } from '../../../../lib/ledger/connection/connection.ts';
import { useLedger } from '../../../support/use-ledger.ts';

const database = useLedger();
const { sql } = database;

describe('createConnection()', () => {
  /**
   * Does work that the server rolls back that many times; a sequence advances although its transaction is rolled back.
   */
  async function workUndone(times: number): Promise<number> {
    await sql`create sequence tries`;
    await sql.unsafe(`create function try_it() returns bigint language plpgsql as $$
      declare n bigint := nextval('tries');
      begin
        if n <= ${times} then raise exception 'deadlock detected' using errcode = '40P01'; end if;
        return n;
      end $$`);
    const connection = createConnection({ databaseUrl: database.url });
    const work = connection.run((sql) =>
      sql.unsafe<{ n: string }[]>('select try_it() as n', [], { prepare: true }),
    );
    try {
      const [row] = await work;
      return Number(row?.n);
    } finally {
      await connection.close();
    }
  }

  it('continues after work was rolled back several times', async () => {
    expect(await workUndone(4)).toBe(5);
  });

  it('gives up after too many rollbacks', async () => {
    await expect(workUndone(5)).rejects.toMatchObject({ code: '40P01' });
  });
});
