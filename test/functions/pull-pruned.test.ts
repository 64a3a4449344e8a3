import { expect, it } from 'vitest';
import { captureLog } from '../support/capture-log.ts';
import { pruneAll } from '../support/prune-all.ts';
import { useLedger } from '../support/use-ledger.ts';
import { accept, NOW, openPull } from './pull-stage.ts';

const DAY = 86_400_000;
let time = NOW;
const { ledger, sql } = useLedger({ clock: { now: () => time } });
captureLog();

it('a key whose upload was pruned is answered with what is left of it, and nothing is sent', async () => {
  const sent: unknown[] = [];
  const ask = openPull({
    api: {
      pullUpload: (request) => {
        sent.push(request);
        return accept(request);
      },
    },
    ledger: (work) => work(ledger),
  });
  const request = {
    headers: { 'idempotency-key': 'import-1' },
    body: { mediaUrl: 'https://media.example.com/film.mp4' },
  };
  const { uploadId } = (await ask(request)).json;
  await ledger.transition(uploadId, 'cancelled');
  await sql`update events set fanned_out = true`;
  await sql`update requests set created_at = created_at + interval '200 days'`;
  time += 100 * DAY;
  await pruneAll(ledger, time);
  expect(await ledger.findPrunedUpload(uploadId)).toMatchObject({ uploadId });

  const { statusCode, json } = await ask(request);

  expect([statusCode, json.code]).toEqual([410, 'upload_pruned']);
  const { json: batch } = await ask({
    ...request,
    body: { items: [{ ...request.body, idempotencyKey: 'import-1' }] },
  });
  expect(batch.items).toMatchObject([{ problem: { code: 'upload_pruned' } }]);
  expect(sent).toHaveLength(1);
});
