import { readSignKeys } from '../../../lib/config/callback-config.ts';
import type { Environment } from '../../../lib/config/environment.ts';
import { listApplications } from '../../../lib/policy/applications.ts';
import type { Policy } from '../../../lib/policy/settings.ts';
import { Problem } from '../../../lib/problem.ts';
import { asTyped } from '../as-typed.ts';
import { createFindFunction } from '../cloud/deployed-functions.ts';
import {
  DEPLOYMENT_HELP,
  DEPLOYMENT_OPTIONS,
  readDeployment,
} from '../cloud/deployment-options.ts';
import { type Operator, readOperator } from '../cloud/operator.ts';
import { type Command, CommandError, EXIT, type Surroundings } from '../command.ts';
import { readVariables } from '../read-environment.ts';
import { readChoice, readOptions } from '../read-options.ts';
import { readTenants } from '../read-tenants.ts';
import { explainFunctionUrl } from '../show-url.ts';
import type { WantedSettings } from './event-plan.ts';
import { carryOut, describeChanges, describeGood, explainTakeover, planAll } from './plan.ts';

const OPTIONS = {
  mode: { type: 'string' },
  'callback-url': { type: 'string' },
  ...DEPLOYMENT_OPTIONS,
  'upload-events': { type: 'string', default: 'on' },
  'delete-events': { type: 'string', default: 'on' },
  'persistence-events': { type: 'string', default: 'on' },
  'send-sign-key': { type: 'boolean', default: false },
  'env-file': { type: 'string' },
  yes: { type: 'boolean', default: false },
  force: { type: 'boolean', default: false },
} as const;

const HELP = `vod-upload setup has VOD report what happens to media to this backend.

It shows what would change in the event notification of the application VOD_SUB_APP_ID, and of those of the tenants
that serverless.yml in this folder names, asks, and changes it.

Usage: vod-upload setup [options]

Options:
  --mode push|pull       VOD calls the callback function (push), or keeps events until the sweep function fetches
                         them (pull); VOD_EVENT_MODE sets it too, and push is the default
  --callback-url <url>   address of the deployed callback function
${DEPLOYMENT_HELP}
  --upload-events on|off, --delete-events on|off, --persistence-events on|off
                         events of finished uploads, of deletions and of saved clips; all on by default
  --send-sign-key        sends each application its key although nothing else changes: VOD does not tell which key
                         it has; with CALLBACK_SHARED_SIGN_KEY_UNTIL and tenants this is done anyway
  --env-file <file>      reads variables from this file instead of .env.<stage> or .env
  --yes                  does not ask
  --force                replaces callback addresses that are not this backend's

Variables:
  TENCENT_SECRET_ID, TENCENT_SECRET_KEY, TENCENT_TOKEN
                         key to call VOD with, as for deploying (deploy/cam/deployer.json says what it may do);
                         VOD_SECRET_ID and VOD_SECRET_KEY otherwise
  VOD_SUB_APP_ID         the service's own application; it must be set where there are tenants
  CALLBACK_SIGN_KEYS     the first of these becomes the SignKey of the service's own application, and each tenant's
                         application gets one that is derived from it; they are never shown

Exit codes: 0 it is as asked, 1 it was not changed, 2 it could not be done.

Examples:
  vod-upload setup
  vod-upload setup --region ap-shanghai --stage prod
  vod-upload setup --callback-url https://1500000001-abc.ap-singapore.tencentscf.com/ --yes
  vod-upload setup --mode pull
`;

/** `vod-upload setup`: configures VOD to report to this backend. */
export const setup: Command = {
  help: HELP,
  run,
};

type Options = ReturnType<typeof readSetupOptions>;

function readSetupOptions(args: readonly string[]) {
  return readOptions('vod-upload setup', args, OPTIONS);
}

async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const options = readSetupOptions(args);
  const environment = await readVariables(options['env-file'], {
    ...surroundings,
    stage: options.stage,
  });
  const operator = readOperator(environment);
  const [wanted, policy] = await Promise.all([
    readWanted(options, environment, operator),
    readTenants(options, environment, surroundings),
  ]);
  const plans = await planAll(demandApplications(policy, operator), wanted, operator);

  const { writeOut, writeError } = surroundings;
  const sendKey =
    options['send-sign-key'] || (plans.length > 1 && isKeyShared(wanted, environment));
  const open = plans.filter(({ changes }) => changes.length > 0 || sendKey);
  const good = plans.filter((plan) => !open.includes(plan));
  if (good.length > 0) writeOut(describeGood(good));
  if (open.length === 0) return EXIT.good;
  writeOut(open.map(describeChanges).join(''));
  const takeover = options.force ? undefined : explainTakeover(open);
  if (takeover !== undefined) {
    writeError(`vod-upload setup: ${takeover}\n`);
    return EXIT.no;
  }
  const question = open.length === 1 ? 'Change it?' : 'Change them?';
  if (!options.yes && !(await mayChange(question, surroundings))) return EXIT.no;
  await carryOut(open);
  const done = 'Done. "vod-upload doctor" checks that everything fits together.\n';
  writeOut(asTyped(done, surroundings.environment));
  return EXIT.good;
}

/** Returns whether tenants' applications may still have the key of the service's own application, which is to end. */
function isKeyShared({ signKey }: WantedSettings, environment: Environment): boolean {
  return signKey !== undefined && environment['CALLBACK_SHARED_SIGN_KEY_UNTIL'] !== undefined;
}

/** @throws {CommandError} where there are tenants and the service has no application of its own. */
function demandApplications(policy: Pick<Policy, 'tenants'>, { vodApi }: Operator) {
  const { subAppId } = vodApi;
  if (subAppId === undefined && policy.tenants !== undefined) {
    throw new CommandError(
      "VOD_SUB_APP_ID must be set where there are tenants: it is the service's own application.",
    );
  }
  return listApplications(policy, subAppId);
}

async function mayChange(
  question: string,
  { ask, writeError }: Pick<Surroundings, 'ask' | 'writeError'>,
): Promise<boolean> {
  if (ask === undefined) {
    writeError(
      'vod-upload setup: there is no terminal to ask on. Nothing was changed; use --yes to change it.\n',
    );
    return false;
  }
  const answer = await ask(`${question} [y/N] `);
  if (/^y(?:es)?$/i.test(answer.trim())) return true;
  writeError('Nothing was changed.\n');
  return false;
}

async function readWanted(
  options: Options,
  environment: Environment,
  operator: Operator,
): Promise<WantedSettings> {
  const modeSource = options.mode === undefined ? 'VOD_EVENT_MODE' : '--mode';
  const modeText = options.mode ?? environment['VOD_EVENT_MODE'] ?? 'push';
  const mode = readChoice(modeSource, modeText, ['PUSH', 'PULL']);
  const readSwitch = (name: 'upload-events' | 'delete-events' | 'persistence-events') =>
    readChoice(`--${name}`, options[name], ['ON', 'OFF']);
  const switches = {
    uploadEvents: readSwitch('upload-events'),
    deleteEvents: readSwitch('delete-events'),
    persistenceEvents: readSwitch('persistence-events'),
  };
  if (mode === 'PULL') {
    // Only needed to know whether the present address is this backend's, so a failed lookup is ignored.
    const found = await findCallbackUrl(options, environment, operator).catch((error: unknown) => {
      if (error instanceof Problem) return undefined;
      throw error;
    });
    return { mode, callbackUrl: found?.url, signKey: undefined, ...switches };
  }
  const [signKey] = readSignKeys(environment);
  const { url, reason } = await findCallbackUrl(options, environment, operator);
  if (url === undefined) throw new CommandError(reason);
  return { mode, callbackUrl: url, signKey, ...switches };
}

type FoundUrl =
  | { readonly url: string; readonly reason?: undefined }
  | { readonly url?: undefined; readonly reason: string };

async function findCallbackUrl(
  options: Options,
  environment: Environment,
  { credentials }: Operator,
): Promise<FoundUrl> {
  const given = options['callback-url'];
  if (given !== undefined) {
    const message = explainFunctionUrl(given);
    if (message !== undefined) throw new CommandError(`--callback-url ${message}.`);
    return { url: new URL(given).href };
  }
  const deployment = readDeployment(options, environment);
  const found = await createFindFunction(deployment, credentials, environment)('callback');
  if (found?.url !== undefined) return { url: found.url };
  const { service, stage, region } = deployment;
  const lack = found === undefined ? 'is not deployed' : 'has no address';
  return {
    reason: `${service}-${stage}-callback ${lack} in ${region}: deploy it, or set its address with --callback-url.`,
  };
}
