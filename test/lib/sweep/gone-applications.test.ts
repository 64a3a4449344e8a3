import { describe, expect, it } from 'vitest';
import { Problem } from '../../../lib/problem.ts';
import type { VodApi } from '../../../lib/vod/client.ts';
import { localAccount } from '../../../tools/local/emulator/account.ts';
import { useSweepStage } from './sweep-stage.ts';

const OWN = localAccount().subAppId;
const GONE = 1_500_000_009;
const DAY = 86_400;
const FILE = '5285485487985271000';

const stage = useSweepStage();

/** Issues one upload of each kind in the application, and passes time until all are checked. */
async function fillApplication(subAppId = GONE): Promise<void> {
  const { ledger } = stage;
  const fields = { subAppId };
  const issue = (uploadId: string, method: 'client' | 'pull') =>
    ledger.issueUpload({ uploadId, method, owner: 'ann', fields });
  await issue('ready', 'client');
  await ledger.transition('ready', 'uploaded', { fileId: FILE });
  await issue('pull', 'pull');
  await ledger.updateFields('pull', { taskId: '1500000009-pull-none' });
  await issue('client', 'client');
  await issue('cancelled', 'client');
  await ledger.transition('cancelled', 'cancelled');
  stage.passSeconds(DAY + 1);
}

/** Returns VOD's API, which refuses the application with `code`, and counts the calls about it. */
function refusing(code: string, Status?: string) {
  const calls: string[] = [];
  const refuse = () => {
    throw new Problem('No.', { code: 'upstream_denied', vod: { code, requestId: '' } });
  };
  const about =
    <Request, Answer>(
      name: string,
      call: (request: Request, options?: { subAppId?: number }) => Promise<Answer>,
    ) =>
    async (request: Request, options?: { subAppId?: number }): Promise<Answer> => {
      if (options?.subAppId !== GONE) return call(request, options);
      calls.push(name);
      return refuse();
    };
  const api = {
    ...stage.api,
    searchMedia: about('SearchMedia', stage.api.searchMedia),
    describeMediaInfos: about('DescribeMediaInfos', stage.api.describeMediaInfos),
    describeTaskDetail: about('DescribeTaskDetail', stage.api.describeTaskDetail),
    describeTasks: about('DescribeTasks', stage.api.describeTasks),
    describeSubAppIds: async (...call: Parameters<VodApi['describeSubAppIds']>) => {
      const answer = await stage.api.describeSubAppIds(...call);
      const more = Status === undefined ? [] : [{ SubAppId: GONE, Status }];
      return { ...answer, SubAppIdInfoSet: [...(answer.SubAppIdInfoSet ?? []), ...more] };
    },
  };
  return { api: api as VodApi, calls };
}

const findStates = async () =>
  Object.fromEntries(
    (await stage.ledger.listUploads({ limit: 10 })).items.map(({ uploadId, state, problem }) => [
      uploadId,
      problem === undefined ? state : `${state} ${problem['code']}`,
    ]),
  );

const linesOf = () => stage.reports.filter(({ reason }) => reason?.includes('no longer has'));

describe('endGoneApplications()', () => {
  it.each([
    ['InvalidParameterValue.SubAppId', undefined],
    ['FailedOperation.InvalidVodUser', 'Destroyed'],
    ['ResourceNotFound.UserNotExist', undefined],
  ])(
    'ends the uploads of an application that VOD refuses with %s for a day',
    async (code, status) => {
      await fillApplication();
      const { api, calls } = refusing(code, status);
      const sweep = () => stage.sweep({ api, applications: [OWN] });
      await sweep();
      expect(await findStates()).toMatchObject({
        ready: 'ready',
        pull: 'issued',
        client: 'issued',
      });
      stage.passSeconds(DAY + 1);
      calls.length = 0;

      const { steps } = await sweep();

      expect(steps['checks']).toMatchObject({ gone: 3, failed: 0 });
      expect(await findStates()).toEqual({
        ready: 'deleted',
        pull: 'failed application_gone',
        client: 'expired application_gone',
        cancelled: 'cancelled',
      });
      expect(linesOf()).toMatchObject([{ level: 'error', subAppId: GONE, step: 'checks' }]);
      stage.passSeconds(100 * DAY);
      expect((await sweep()).steps['checks']).toMatchObject({ gone: 0, checked: 0 });
      expect(linesOf()).toHaveLength(1);
      expect(calls).toEqual([]);
    },
  );

  it.each([
    ['VOD has it, switched off', 'Off', [OWN]],
    ['VOD is about to destroy it', 'Destroying', [OWN]],
    ['it is configured, and VOD does not say that it was destroyed', undefined, [OWN, GONE]],
    ['the account has none of the configured applications', undefined, [1_500_000_008]],
  ] as const)('ends nothing if %s', async (_, status, applications) => {
    await fillApplication();
    const { api } = refusing('FailedOperation.InvalidVodUser', status);
    const sweep = () => stage.sweep({ api, applications });
    await sweep();
    stage.passSeconds(2 * DAY);

    await sweep();

    expect(await findStates()).toMatchObject({ ready: 'ready', pull: 'issued', client: 'issued' });
    expect(linesOf()).toEqual([]);
  });

  it('ends nothing if the application is only not configured', async () => {
    await fillApplication();
    const { api, calls } = refusing('InternalError');
    await stage.sweep({ api, applications: [OWN] });
    stage.passSeconds(2 * DAY);

    await stage.sweep({ api, applications: [OWN] });

    expect(calls).toContain('DescribeMediaInfos');
    expect(await findStates()).toMatchObject({ ready: 'ready', pull: 'issued' });
  });

  it('begins to count again once VOD has answered again', async () => {
    await fillApplication();
    const { api } = refusing('FailedOperation.InvalidVodUser');
    await stage.sweep({ api, applications: [OWN] });
    expect(await stage.ledger.listRefusedApplications()).toMatchObject([{ subAppId: GONE }]);
    stage.passSeconds(3_600);
    const answering: VodApi = {
      ...api,
      describeMediaInfos: async () => ({ MediaInfoSet: [{ FileId: FILE }], RequestId: '' }),
      describeTaskDetail: async () => ({ Status: 'PROCESSING', RequestId: '' }),
    };

    await stage.sweep({ api: answering, applications: [OWN] });

    expect(await stage.ledger.listRefusedApplications()).toEqual([]);
  });
});
