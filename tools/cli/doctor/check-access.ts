import type { SubAppIdInfo } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { Problem } from '../../../lib/problem.ts';
import type { VodApiConfig } from '../../../lib/vod/api-config.ts';
import { isAuthFailure, isDenied, readRefusalCode } from '../cloud/cloud-client.ts';
import type { Operator } from '../cloud/operator.ts';
import { createVodAccount } from '../cloud/vod-account.ts';
import { joinNames } from '../join-names.ts';
import { type CheckName, finding, findingAmong, type Note, unable } from './note.ts';

/** What a key can see of its account: the applications, if VOD accepts the key. */
export interface Access {
  readonly notes: readonly Note[];
  readonly applications?: readonly SubAppIdInfo[];
}

/** VOD refuses calls whose time is more than five minutes off. This leaves four minutes for further drift. */
const MAX_SKEW_SECONDS = 60;

const ANSWER_MILLISECONDS = 10_000;

/** Compares this machine's clock with that of VOD's API. */
export async function checkClock(
  { protocol, endpoint }: VodApiConfig,
  now: () => number,
): Promise<readonly Note[]> {
  const before = now();
  const answer = await fetch(`${protocol}://${endpoint}/`, {
    redirect: 'manual',
    signal: AbortSignal.timeout(ANSWER_MILLISECONDS),
  }).catch(() => undefined);
  if (answer === undefined) {
    return [unable('clock', `VOD's API at ${endpoint} cannot be reached from here.`)];
  }
  await answer.body?.cancel();
  const theirs = Date.parse(answer.headers.get('date') ?? '');
  if (Number.isNaN(theirs)) return [unable('clock', "VOD's API did not report its time.")];
  // The header has whole seconds, and was written at some time between request and response.
  const seconds = Math.round(((before + now()) / 2 - theirs - 500) / 1_000);
  if (Math.abs(seconds) <= MAX_SKEW_SECONDS) return [];
  return [clockFinding(`${Math.abs(seconds)} seconds ${seconds > 0 ? 'ahead of' : 'behind'}`)];
}

/** Finds out whether VOD knows the key and its secret, with the one call that every key may make. */
export async function checkCredentials(
  { credentials, source, vodApi }: Operator,
  clockNotes: readonly Note[],
): Promise<Access> {
  try {
    const applications = await createVodAccount(vodApi, credentials).listApplications();
    return { notes: [], applications };
  } catch (error) {
    const code = readRefusalCode(error);
    if (code === 'AuthFailure.SignatureExpire') {
      const isKnown = clockNotes.some(({ kind }) => kind === 'finding');
      return { notes: isKnown ? [] : [clockFinding('too far from')] };
    }
    if (!isAuthFailure(error)) return { notes: [explainFailedCall('credentials', error)] };
    return {
      notes: [
        finding(
          'credentials',
          `VOD does not accept the key of ${source}: ${REFUSALS[code ?? ''] ?? `it answers ${code}`}.`,
          `Check in the console (Access Management, API keys) that the key exists and is enabled, and set ${nameKey(source)} again.`,
        ),
      ],
    };
  }
}

/** Returns the note about a call that failed although the key is valid. */
export function explainFailedCall(check: CheckName, error: unknown): Note {
  if (isDenied(error)) {
    return findingAmong(
      'credentials',
      check === 'deployment' ? 'the deployed functions' : `the ${check}`,
      (items) =>
        `The key may not ask about ${joinNames(items)}: the API answers ${readRefusalCode(error)}.`,
      'Attach the policy deploy/cam/deployer.json to its user, or set TENCENT_SECRET_ID and TENCENT_SECRET_KEY to the key of somebody who has it.',
    );
  }
  if (!(error instanceof Problem)) throw error;
  return unable(check, error.message);
}

/** @param source the variable that has the key's id. */
function nameKey(source: string): string {
  const prefix = source.replace(/SECRET_ID$/, '');
  const token = prefix === 'VOD_' ? '' : ` (and ${prefix}TOKEN, where it is a temporary one)`;
  return `${source} and ${prefix}SECRET_KEY${token}`;
}

const REFUSALS: Readonly<Record<string, string>> = {
  'AuthFailure.SecretIdNotFound': 'it does not know the id',
  'AuthFailure.SignatureFailure': 'the secret does not belong to the id',
  'AuthFailure.TokenFailure': 'the session token is wrong or too old',
};

function clockFinding(distance: string): Note {
  return finding(
    'clock',
    `The clock of this machine is ${distance} VOD's.`,
    'Correct it, best with NTP: VOD refuses calls that are signed five minutes off.',
  );
}
