import { readCallbackConfig } from '../../../lib/config/callback-config.ts';
import type { Environment } from '../../../lib/config/environment.ts';
import { Problem } from '../../../lib/problem.ts';
import { addRole } from '../../deploy/function-variables.ts';
import { createFindFunction } from '../cloud/deployed-functions.ts';
import {
  DEPLOYMENT_HELP,
  DEPLOYMENT_OPTIONS,
  readDeployment,
} from '../cloud/deployment-options.ts';
import { type Operator, readOperator } from '../cloud/operator.ts';
import { createVodAccount } from '../cloud/vod-account.ts';
import { type Command, CommandError, EXIT, type Surroundings } from '../command.ts';
import { readVariables } from '../read-environment.ts';
import { readChoice, readOptions } from '../read-options.ts';
import { explainFunctionUrl, showUrl } from '../show-url.ts';
import {
  type Change,
  isTakeover,
  listChanges,
  toRequest,
  type WantedSettings,
} from './event-plan.ts';

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

It shows what would change in the event notification of the application VOD_SUB_APP_ID, asks, and changes it.

Usage: vod-upload setup [options]

Options:
  --mode push|pull       VOD calls the callback function (push), or keeps events until the sweep function fetches
                         them (pull); VOD_EVENT_MODE says it too, and push is the default
  --callback-url <url>   address of the deployed callback function
${DEPLOYMENT_HELP}
  --upload-events on|off, --delete-events on|off, --persistence-events on|off
                         events of finished uploads, of deletions and of saved clips; all on by default
  --send-sign-key        sends the first key of CALLBACK_SIGN_KEYS although nothing else changes: VOD does not tell
                         which key it has
  --env-file <file>      reads variables from this file too; .env is read where there is one
  --yes                  does not ask
  --force                replaces a callback address that is not this backend's

Variables:
  TENCENT_SECRET_ID, TENCENT_SECRET_KEY, TENCENT_TOKEN
                         key to call VOD with, as for deploying (deploy/cam/deployer.json says what it may do);
                         VOD_SECRET_ID and VOD_SECRET_KEY otherwise
  VOD_SUB_APP_ID         the application
  CALLBACK_SIGN_KEYS     the first of these becomes VOD's SignKey; it is never shown

Exit codes: 0 it is as asked, 1 it was not changed, 2 it could not be done.

Examples:
  vod-upload setup
  vod-upload setup --region ap-shanghai --stage prod
  vod-upload setup --callback-url https://1500000001-abc.ap-singapore.tencentscf.com/ --yes
  vod-upload setup --mode pull
`;

/** `vod-upload setup`: has VOD report to this backend. */
export const setup: Command = {
  name: 'setup',
  summary: 'has VOD report what happens to media to this backend',
  help: HELP,
  run,
};

type Options = ReturnType<typeof readSetupOptions>;

function readSetupOptions(args: readonly string[]) {
  return readOptions('setup', args, OPTIONS);
}

async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const options = readSetupOptions(args);
  const environment = await readVariables(options['env-file'], surroundings);
  const operator = readOperator(environment);
  const wanted = await readWanted(options, environment, operator);
  const account = createVodAccount(operator.vodApi, operator.credentials);
  const present = await account.readEventSettings();

  const { writeOut, writeError } = surroundings;
  const name = nameApplication(operator);
  const changes = listChanges(present, wanted);
  if (changes.length === 0 && !options['send-sign-key']) {
    writeOut(`Nothing to change: ${name} is set up as asked.${remindOfKey(wanted)}\n`);
    return EXIT.good;
  }
  writeOut(describeChanges(name, changes, wanted));
  if (isTakeover(present, wanted) && !options.force) {
    writeError(
      `vod-upload setup: ${name} reports to ${showUrl(present.callbackUrl)}, which is not the address of this backend. Nothing was changed; say --force if nobody needs that address any more.\n`,
    );
    return EXIT.no;
  }
  if (!options.yes && !(await mayChange(surroundings))) return EXIT.no;
  await account.changeEventSettings(toRequest(wanted));
  writeOut(`Done. "vod-upload doctor" checks that everything fits together.\n`);
  return EXIT.good;
}

async function mayChange({ ask, writeError }: Surroundings): Promise<boolean> {
  if (ask === undefined) {
    writeError(
      'vod-upload setup: there is no terminal to ask on. Nothing was changed; say --yes to change it.\n',
    );
    return false;
  }
  const answer = await ask('Change it? [y/N] ');
  if (/^y(?:es)?$/i.test(answer.trim())) return true;
  writeError('Nothing was changed.\n');
  return false;
}

async function readWanted(
  options: Options,
  environment: Environment,
  operator: Operator,
): Promise<WantedSettings> {
  const modeText = options.mode ?? environment['VOD_EVENT_MODE'] ?? 'push';
  const mode = readChoice('--mode', modeText, ['PUSH', 'PULL']);
  const readSwitch = (name: 'upload-events' | 'delete-events' | 'persistence-events') =>
    readChoice(`--${name}`, options[name], ['ON', 'OFF']);
  const switches = {
    uploadEvents: readSwitch('upload-events'),
    deleteEvents: readSwitch('delete-events'),
    persistenceEvents: readSwitch('persistence-events'),
  };
  if (mode === 'PULL') {
    // Only to know whose the present address is, so it does not matter much.
    const found = await findCallbackUrl(options, environment, operator).catch((error: unknown) => {
      if (error instanceof Problem) return undefined;
      throw error;
    });
    return { mode, callbackUrl: found?.url, signKey: undefined, ...switches };
  }
  const [signKey] = readCallbackConfig(addRole(environment)).signKeys;
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
    reason: `${service}-${stage}-callback ${lack} in ${region}: deploy it, or say its address with --callback-url.`,
  };
}

function nameApplication({ vodApi }: Operator): string {
  return vodApi.subAppId === undefined
    ? "the account's main application"
    : `application ${vodApi.subAppId}`;
}

function describeChanges(
  name: string,
  changes: readonly Change[],
  { signKey }: WantedSettings,
): string {
  const rows = changes.map(({ what, from, to }) => `  ${what.padEnd(20)}${from} -> ${to}\n`);
  const key =
    signKey === undefined
      ? ''
      : `  ${'SignKey'.padEnd(20)}becomes the first key of CALLBACK_SIGN_KEYS; VOD does not tell what it is now\n`;
  return `In the event notification of ${name}:\n${rows.join('')}${key}`;
}

function remindOfKey({ signKey }: WantedSettings): string {
  return signKey === undefined
    ? ''
    : ' VOD does not tell its SignKey: --send-sign-key sets it again.';
}
