import { expect, it } from 'vitest';
import { ingestStateless } from '../../../lib/ingest/stateless.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import type { Target } from '../../../lib/webhooks/target.ts';
import { settingsOf } from '../../support/settings.ts';
import { encodeContext, NOWHERE } from '../../support/source-contexts.ts';

const OWNED = { uploadId: '01ARYZ6S410000000000000000', owner: 'ann', method: 'client' } as const;
const RULES = { rules: [{ name: 'r', match: { methods: ['console'] }, set: { classId: 1 } }] };

const arrivalOf = (SourceContext: string): RawEvent => ({
  EventType: 'NewFileUpload',
  FileUploadEvent: {
    FileId: '1',
    MediaBasicInfo: { Type: 'mp4', SourceInfo: { SourceType: 'Upload', SourceContext } },
    MetaData: { Size: 10, Container: 'mov,mp4,m4a,3gp,3g2,mj2' },
  },
});

it.each<[string, RawEvent, number[], object]>([
  ['no media action', { EventType: 'Tomorrow' }, [9_750], {}],
  ['no media action for a file within its limits', arrivalOf(encodeContext(OWNED)), [9_750], {}],
  ['the effects of a rule', arrivalOf(''), [8_250], {}],
  [
    'the deletion of a file over its limits',
    arrivalOf(encodeContext({ ...OWNED, limits: { maxBytes: 9 } })),
    [8_250, 8_250],
    { code: 'limits_exceeded' },
  ],
])(
  'leaves consumers all the time except for the answer and %s',
  async (_what, body, limits, log) => {
    const given: number[] = [];
    const fields = await ingest(body, [
      async (_message, milliseconds) => {
        given.push(milliseconds);
        return { ok: true, gone: false };
      },
    ]);

    expect(given).toEqual(limits);
    expect(fields).toEqual({ delivered: limits.length, ...log });
  },
);

it('reports how many consumers have refused the event, and each reason once', async () => {
  const errors = ['http_500', 'timeout', 'http_500', undefined];
  const failing = errors.map((error) => async () => ({
    ...{ ok: false, gone: false, ...(error === undefined ? {} : { error }) },
  }));
  const taking = async () => ({ ok: true, gone: false });

  await expect(ingest({ EventType: 'Tomorrow' }, [...failing, taking])).rejects.toThrow(
    '4 of 5 consumers did not accept the event (http_500, timeout, unknown): send it again.',
  );
});

function ingest(body: RawEvent, sends: readonly Target['send'][]) {
  const done = async () => ({ RequestId: 'r-1' });
  const reception = { ...NOWHERE, receivedAt: 5, confirmed: true, settings: settingsOf(RULES) };
  return ingestStateless(parseVodEvent(body), reception, {
    targets: sends.map((send, place) => ({ id: `t${place}`, events: ['*'], send })),
    api: {
      ...{ deleteMedia: done, modifyMediaInfo: done, processMediaByProcedure: done },
      describeMediaInfos: async () => ({ MediaInfoSet: [{ FileId: '1' }], RequestId: 'r-2' }),
      describeTasks: async () => ({ TaskSet: [], TotalCount: 0, RequestId: 'r-3' }),
    },
    fetchCover: () => Promise.reject(new Error('Nobody asks for a cover.')),
    clock: { now: () => 5 },
    deadline: { left: () => 10_000 },
  });
}
