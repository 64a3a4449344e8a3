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

/** The planned changes to one application. */
export interface Plan {
  /** Undefined for the account's main one. */
  readonly subAppId: number | undefined;
  /** Whether it is a tenant's, which has its own key; otherwise it is the service's own. */
  readonly isTenants: boolean;
  readonly account: VodAccount;
  readonly present: EventSettings;
  readonly wanted: WantedSettings;
  /** As far as VOD reports the settings. */
  readonly changes: readonly Change[];
}

/**
 * Returns the plan for each application, the service's own first.
 *
 * @param wanted settings of the service's own application.
 * @throws {Problem} or {CommandError} where VOD does not report the settings of one of them.
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

/** Returns the wanted settings of a tenant's application, which has its own address and key. */
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

/** Returns the message about applications that need no change; there must be one at least. */
export function describeGood(plans: readonly Plan[]): string {
  const isOne = plans.length === 1;
  const verb = isOne ? 'is' : 'are';
  // Either all have a key, or none has.
  const key =
    plans[0]?.wanted.signKey === undefined
      ? ''
      : ` VOD does not tell ${isOne ? 'its' : 'their'} SignKey: --send-sign-key sets it again.`;
  return `Nothing to change: ${nameAll(plans)} ${verb} set up as asked.${key}\n`;
}

/** Returns the text about the changes to an application. */
export function describeChanges({ subAppId, isTenants, changes, wanted }: Plan): string {
  const rows = changes.map(({ what, from, to }) => `  ${what.padEnd(20)}${from} -> ${to}\n`);
  const source = isTenants ? 'a key of its own, derived from the first one' : 'the first key';
  const key =
    wanted.signKey === undefined
      ? ''
      : `  ${'SignKey'.padEnd(20)}becomes ${source} of CALLBACK_SIGN_KEYS; VOD does not tell what it is now\n`;
  return `In the event notification of ${nameApplications([subAppId])}:\n${rows.join('')}${key}`;
}

/** Returns a text about the addresses whose notifications the changes would end, or undefined if there are none. */
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
 * Changes all applications, one after the other.
 *
 * @throws {Problem} if there is only one, or {CommandError} that says which were changed before one failed.
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

/** With these, VOD has not made the change; after other failures it is unknown. */
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

/** If there are several, all of them have numbers. */
function nameApplications(applications: readonly (number | undefined)[]): string {
  const [first, ...others] = applications;
  if (first === undefined) return "the account's main application";
  if (others.length === 0) return `application ${first}`;
  return `applications ${joinNames(applications.map(String))}`;
}
