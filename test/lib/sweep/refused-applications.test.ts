import { describe, expect, it } from 'vitest';
import { Problem } from '../../../lib/problem.ts';
import type { VodApi } from '../../../lib/vod/client.ts';
import { localAccount } from '../../../tools/local/emulator/account.ts';
import { useSweepStage } from './sweep-stage.ts';

const OWN = localAccount().subAppId;
const TENANT = 1_500_000_009;
const MINUTE = 60;
const DAY = 86_400;

const stage = useSweepStage();

/** Returns a sweep each minute for some time, of the own application and of a tenant's that VOD refuses or not. */
function openSweeps() {
  const searched: number[] = [];
  let code: string | undefined = 'FailedOperation.InvalidVodUser';
  let Status = 'On';
  const api: VodApi = {
    ...stage.api,
    searchMedia: async (request, options) => {
      if (options?.subAppId !== TENANT) return stage.api.searchMedia(request, options);
      searched.push(stage.now());
      if (code === undefined) return { MediaInfoSet: [], RequestId: '' };
      throw new Problem('No.', { code: 'upstream_denied', vod: { code, requestId: '' } });
    },
    describeSubAppIds: async (...call) => {
      const answer = await stage.api.describeSubAppIds(...call);
      const more = [{ SubAppId: TENANT, Status }];
      return { ...answer, SubAppIdInfoSet: [...(answer.SubAppIdInfoSet ?? []), ...more] };
    },
  };
  const sweep = (looksNow = false) => stage.sweep({ api, applications: [OWN, TENANT], looksNow });
  return {
    sweep,
    /** Sweeps `count` times with these seconds between, and returns how often VOD was asked about the tenant. */
    async repeat(count: number, seconds: number) {
      searched.length = 0;
      for (let turn = 0; turn < count; turn += 1) {
        stage.passSeconds(seconds);
        await sweep();
      }
      return searched.length;
    },
    refuse: (refusal: string | undefined, status = 'On') => {
      code = refusal;
      Status = status;
    },
  };
}

const linesOf = () => stage.reports.filter(({ subAppId }) => subAppId === TENANT);

describe('an application that VOD refuses', () => {
  it('is logged once, and looked at with growing intervals', async () => {
    const { sweep, repeat } = openSweeps();

    const { broken } = await sweep();
    const first = await repeat(5, MINUTE);
    const later = await repeat(40, MINUTE);
    await repeat(5, 2 * 3_600);
    const hourly = await repeat(12, 10 * MINUTE);

    expect(broken).toEqual(['media']);
    expect(linesOf()).toMatchObject([
      { level: 'error', step: 'media', vodCode: 'FailedOperation.InvalidVodUser' },
    ]);
    expect(first).toBeGreaterThanOrEqual(3);
    expect(later).toBeGreaterThanOrEqual(4);
    expect(later).toBeLessThanOrEqual(14);
    expect(hourly).toBe(2);
  });

  it('does not keep the others from being looked at', async () => {
    const { sweep } = openSweeps();
    await sweep();
    stage.passSeconds(1);

    const { broken, errors } = await sweep();

    expect({ broken, errors }).toEqual({ broken: [], errors: {} });
    expect(await stage.ledger.readWatermark('media-scan')).toBeGreaterThan(stage.now() - 120_000);
  });

  it('is looked at again in each sweep as soon as VOD accepts it', async () => {
    const { sweep, repeat, refuse } = openSweeps();
    await sweep();
    await repeat(3, 3_600);
    refuse(undefined);

    await repeat(1, 3_600);

    expect(await repeat(3, MINUTE)).toBe(3);
    expect(await stage.ledger.listRefusedApplications()).toEqual([]);
    expect(linesOf().at(-1)).toMatchObject({
      level: 'info',
      reason: `VOD accepts the application ${TENANT} again: it is looked at in each sweep.`,
    });
  });

  it('stays refused by a sweep that does not ask VOD, since another one does at that time', async () => {
    const { sweep, repeat } = openSweeps();
    await sweep();
    stage.passSeconds(3_600);
    await stage.openOther().acquireLease(`media-scan ${TENANT}`, MINUTE);

    const looks = await repeat(1, 1);

    expect(looks).toBe(0);
    expect(await stage.ledger.listRefusedApplications()).toMatchObject([{ subAppId: TENANT }]);
    expect(linesOf()).toHaveLength(1);
  });

  it('is looked at daily once it is gone, and comes back by itself', async () => {
    const { sweep, repeat, refuse } = openSweeps();
    refuse('ResourceNotFound.UserNotExist', 'Destroyed');
    await sweep();
    await repeat(1, DAY + 1);
    expect(linesOf().at(-1)?.reason).toContain('VOD no longer has the application');

    const looks = await repeat(48, 3_600);
    const lines = linesOf().length;
    refuse(undefined);
    await repeat(1, DAY);

    expect(looks).toBe(2);
    expect(lines).toBe(2);
    expect(await repeat(2, MINUTE)).toBe(2);
    expect(linesOf()).toHaveLength(3);
  });

  it('is looked at immediately when sweep is told to look now', async () => {
    const { sweep, repeat, refuse } = openSweeps();
    await sweep();
    await repeat(3, 3_600);
    refuse(undefined);

    await sweep(true);

    expect(await stage.ledger.listRefusedApplications()).toEqual([]);
  });
});

it('other errors of a scan are logged in each sweep', async () => {
  const { sweep, repeat, refuse } = openSweeps();
  refuse('InternalError');
  await sweep();

  expect(await repeat(2, MINUTE)).toBe(2);
  expect(linesOf()).toHaveLength(3);
});
