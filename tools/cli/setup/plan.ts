import { Problem, type ProblemCode } from '../../../lib/problem.ts';
import { deriveSignKey } from '../../../lib/signing/secrets.ts';
import { addressFor } from '../callback-address.ts';
import type { Operator } from '../cloud/operator.ts';
import { createVodAccount, type EventSettings, type VodAccount } from '../cloud/vod-account.ts';
import { CommandError } from '../command.ts';
import { joinNames } from '../join-names.ts';
import { showUrl } from '../show-url.ts';
import {
  type Change,
  isTakeover,
  listChanges,
  toRequest,
  type WantedSettings,
} from './event-plan.ts';

/** What there is to do about one application. */
export interface Plan {
  /** Undefined for the account's main one. */
  readonly subAppId: number | undefined;
  /** Whether it is a tenant's, and so has a key of its own; it is the service's own otherwise. */
  readonly isTenants: boolean;
  readonly account: VodAccount;
  readonly present: EventSettings;
  readonly wanted: WantedSettings;
  /** As far as VOD tells. */
  readonly changes: readonly Change[];
}

/**
 * Returns what there is to do about each application, the service's own being the first.
 *
 * @param wanted for the service's own.
 * @throws {Problem} or {CommandError} where VOD does not tell how one of them is.
 */
export async function planAll(
  [own, ...tenants]: readonly [own: number | undefined, ...tenants: number[]],
  wanted: WantedSettings,
  operator: Operator,
): Promise<readonly Plan[]> {
  if (tenants.length === 0) return [await plan(own, false, wanted, operator)];
  const plans: Plan[] = [];
  for (const subAppId of [own, ...tenants]) {
    const tenant = subAppId === own ? undefined : subAppId;
    const its = tenant === undefined ? wanted : wantOf(tenant, wanted);
    plans.push(
      await plan(subAppId, tenant !== undefined, its, operator).catch((error: unknown) => {
        if (!(error instanceof Problem)) throw error;
        throw new CommandError(`${nameApplications([subAppId])}: ${error.message}`, {
          cause: error,
        });
      }),
    );
  }
  return plans;
}

/** Returns what is wanted of a tenant's application, which has an address and a key of its own. */
function wantOf(subAppId: number, wanted: WantedSettings): WantedSettings {
  const { callbackUrl, signKey } = wanted;
  return {
    ...wanted,
    callbackUrl: callbackUrl && addressFor(callbackUrl, subAppId),
    signKey: signKey && deriveSignKey(signKey, subAppId),
  };
}

async function plan(
  subAppId: number | undefined,
  isTenants: boolean,
  wanted: WantedSettings,
  { vodApi, credentials }: Operator,
): Promise<Plan> {
  const account = createVodAccount({ ...vodApi, subAppId }, credentials);
  const present = await account.readEventSettings();
  return { subAppId, isTenants, account, present, wanted, changes: listChanges(present, wanted) };
}

/** Returns what is said of applications that are as they shall be, of which there is one at least. */
export function describeGood(plans: readonly Plan[]): string {
  const isOne = plans.length === 1;
  const verb = isOne ? 'is' : 'are';
  // All have one, or none has.
  const key =
    plans[0]?.wanted.signKey === undefined
      ? ''
      : ` VOD does not tell ${isOne ? 'its' : 'their'} SignKey: --send-sign-key sets it again.`;
  return `Nothing to change: ${nameAll(plans)} ${verb} set up as asked.${key}\n`;
}

/** Returns what would be different about an application. */
export function describeChanges({ subAppId, isTenants, changes, wanted }: Plan): string {
  const rows = changes.map(({ what, from, to }) => `  ${what.padEnd(20)}${from} -> ${to}\n`);
  const source = isTenants ? 'a key of its own, derived from the first one' : 'the first key';
  const key =
    wanted.signKey === undefined
      ? ''
      : `  ${'SignKey'.padEnd(20)}becomes ${source} of CALLBACK_SIGN_KEYS; VOD does not tell what it is now\n`;
  return `In the event notification of ${nameApplications([subAppId])}:\n${rows.join('')}${key}`;
}

/** Returns whom the changes would take notifications away from, undefined where they do so from nobody. */
export function explainTakeover(plans: readonly Plan[]): string | undefined {
  const taken = plans.filter(({ present, wanted }) => isTakeover(present, wanted));
  if (taken.length === 0) return undefined;
  const reports = taken.map(
    ({ subAppId, present }) =>
      `${nameApplications([subAppId])} reports to ${showUrl(present.callbackUrl)}`,
  );
  const [fault, them] =
    taken.length === 1
      ? ['which is not the address', 'that address']
      : ['which are not addresses', 'those addresses'];
  return `${joinNames(reports)}, ${fault} of this backend. Nothing was changed; use --force if nothing needs ${them} any more.`;
}

/**
 * Makes all applications as they shall be, one after the other.
 *
 * @throws {Problem} of the only one, or {CommandError} that says which were changed before one failed.
 */
export async function carryOut(plans: readonly Plan[]): Promise<void> {
  for (const [place, { account, wanted }] of plans.entries()) {
    try {
      await account.changeEventSettings(toRequest(wanted));
    } catch (error) {
      if (!(error instanceof Problem) || plans.length === 1) throw error;
      throw new CommandError(explainHalf(plans, place, error), { cause: error });
    }
  }
}

/** With these the call was not carried out; of other failures nobody knows. */
const REFUSALS: ReadonlySet<ProblemCode> = new Set([
  'upstream_rejected',
  'upstream_denied',
  'upstream_busy',
]);

function explainHalf(plans: readonly Plan[], place: number, { code, message }: Problem): string {
  const failed = plans.slice(place, place + 1);
  const isRefused = REFUSALS.has(code);
  const left = plans.slice(isRefused ? place : place + 1);
  const lists: readonly (readonly [string, readonly Plan[]])[] = [
    ['Changed', plans.slice(0, place)],
    ['Perhaps changed', isRefused ? [] : failed],
    ['Not changed', left],
  ];
  const said = lists.flatMap(([word, some]) =>
    some.length === 0 ? [] : [`${word}: ${nameAll(some)}.`],
  );
  return `${nameAll(failed)}: ${message} ${said.join(' ')} Run it again, and it continues what is left.`;
}

function nameAll(plans: readonly Plan[]): string {
  return nameApplications(plans.map(({ subAppId }) => subAppId));
}

/** Where there are several, all of them have numbers. */
function nameApplications(applications: readonly (number | undefined)[]): string {
  const [first, ...others] = applications;
  if (first === undefined) return "the account's main application";
  if (others.length === 0) return `application ${first}`;
  return `applications ${joinNames(applications.map(String))}`;
}
