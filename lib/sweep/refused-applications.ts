import type { RefusedApplication } from '../ledger/gone-applications.ts';
import type { VodApi } from '../vod/client.ts';
import { isRefusal } from './gone-applications.ts';
import type { ApplicationRun, SweepRun } from './sweep-run.ts';

const MINUTE = 60_000;

/** Longest time between two looks at an application that VOD refuses, and at one that it no longer has. */
const REFUSED_MILLISECONDS = 60 * MINUTE;
const GONE_MILLISECONDS = 24 * 60 * MINUTE;

/** After a part of the time for which VOD has refused an application, it is looked at again. */
const PART = 4;

/** The applications that a sweep looks at. */
export interface DueApplications {
  readonly due: readonly (number | undefined)[];
  /** Those of them that VOD refused before. */
  readonly refused: ReadonlySet<number | undefined>;
}

/**
 * Returns the configured applications, without those that VOD refuses and that were looked at not long ago: the longer it
 * has refused one, the more rarely, so that one that comes back is found by few calls.
 */
export async function selectApplications(
  run: Pick<SweepRun, 'applications' | 'ledger' | 'looksNow' | 'clock'>,
): Promise<DueApplications> {
  const { applications, ledger } = run;
  const listed = await ledger.listRefusedApplications();
  const refused = new Map(listed.map((each) => [each.subAppId, each]));
  const due: (number | undefined)[] = [];
  for (const subAppId of applications) {
    const known = subAppId === undefined ? undefined : refused.get(subAppId);
    if (known === undefined || (await isDue(known, run))) due.push(subAppId);
  }
  return { due, refused: new Set(refused.keys()) };
}

async function isDue(
  { subAppId, refusedAt, goneAt }: RefusedApplication,
  { ledger, looksNow, clock }: Pick<SweepRun, 'ledger' | 'looksNow' | 'clock'>,
): Promise<boolean> {
  const name = `refused ${subAppId}`;
  const lookedAt = (await ledger.readWatermark(name)) ?? refusedAt;
  const interval =
    goneAt === undefined
      ? Math.min((lookedAt - refusedAt) / PART, REFUSED_MILLISECONDS)
      : GONE_MILLISECONDS;
  if (!looksNow && clock.now() - lookedAt < Math.max(interval, MINUTE)) return false;
  await ledger.resetWatermark(name, clock.now());
  return true;
}

/**
 * Does `work`. If VOD refuses the application, the error is thrown only the first time, so that it is logged once; an
 * application that VOD accepts again is forgotten as a refused one. Work that ends without having asked VOD says nothing:
 * another sweep may do it, or there was no time.
 */
export async function noteAcceptance(
  run: ApplicationRun,
  refused: DueApplications['refused'],
  work: (run: ApplicationRun) => Promise<void>,
): Promise<void> {
  const { subAppId, ledger, api } = run;
  let isAccepted = false;
  const accept = <Answer>(answer: Answer): Answer => {
    isAccepted = true;
    return answer;
  };
  // The calls with which the steps begin that look at each application.
  const watched = {
    ...api,
    searchMedia: async (...call) => accept(await api.searchMedia(...call)),
    pullEvents: async (...call) => accept(await api.pullEvents(...call)),
  } satisfies VodApi;
  try {
    await work({ ...run, api: watched });
  } catch (error) {
    if (subAppId === undefined || !isRefusal(error)) throw error;
    if (await ledger.noteRefusedApplication(subAppId)) throw error;
    return;
  }
  if (subAppId === undefined || !isAccepted || !refused.has(subAppId)) return;
  if (await ledger.recallApplication(subAppId)) {
    const reason = `VOD accepts the application ${subAppId} again: it is looked at in each sweep.`;
    run.report({ level: 'info', subAppId, reason });
  }
}
