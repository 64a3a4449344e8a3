import { expect, it } from 'vitest';
import { createIngest } from '../../../lib/ingest/ingest.ts';
import { lazyLedger } from '../../../lib/ledger/lazy-ledger.ts';
import { Problem } from '../../../lib/problem.ts';
import type { LogFields } from '../../../lib/runtime/invocation.ts';
import { NO_SETTINGS } from '../../support/settings.ts';
import { signCallback } from '../../support/sign-callback.ts';
import { CONTEXTS } from '../../support/source-contexts.ts';
import { useLedger } from '../../support/use-ledger.ts';

const NOW = Date.UTC(2026, 10, 22, 8);
const KEY = 'SignKeyNew1';

const database = useLedger({ now: () => NOW });

const unused = async () => {
  throw new Error('Nothing is done to a media here.');
};

it('loads the ledger in the time for asking VOD, so that what follows has all of its own', async () => {
  let time = 0;
  let leftToConfirm: number | undefined;
  const ingest = createIngest({
    config: { signKeys: [KEY], contexts: CONTEXTS, vodApi: { subAppId: undefined } },
    settings: NO_SETTINGS,
    api: {
      describeMediaInfos: async (_request, { deadline } = {}) => {
        leftToConfirm = deadline?.left();
        throw new Problem('VOD takes too long.', { code: 'upstream_timeout' });
      },
      describeTaskDetail: unused,
      describeTasks: async () => ({ TaskSet: [], TotalCount: 0, RequestId: 'r-2' }),
      deleteMedia: unused,
      modifyMediaInfo: unused,
      processMediaByProcedure: unused,
    },
    ledger: lazyLedger(async () => {
      time += 400;
      return database.ledger;
    }),
    targets: [],
    fetchCover: unused,
    now: () => NOW,
    clock: { monotonic: () => time },
    random: () => 0,
  });
  const event = { EventType: 'NewFileUpload', FileUploadEvent: { FileId: '42' } };
  const body = JSON.stringify({ ...event, ...signCallback(KEY, NOW / 1_000 + 600) });
  const log: LogFields = {};

  await ingest(
    { httpMethod: 'POST', headers: {}, queryString: {}, body },
    { log, deadline: { left: () => 60_000 } },
  );

  expect(leftToConfirm).toBe(2_500 - 400);
  expect(log).toMatchObject({ confirmation: 'kept', fresh: true, code: 'upstream_timeout' });
});
