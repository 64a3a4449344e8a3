import type { Environment } from '../../../lib/config/environment.ts';
import { createFindFunction } from '../cloud/deployed-functions.ts';
import {
  DEPLOYMENT_HELP,
  DEPLOYMENT_OPTIONS,
  readDeployment,
  readRegion,
} from '../cloud/deployment-options.ts';
import { type Operator, readOperator, readUploadKey } from '../cloud/operator.ts';
import { createVodAccount, type EventSettings } from '../cloud/vod-account.ts';
import { type Command, CommandError, type Surroundings } from '../command.ts';
import { readVariables } from '../read-environment.ts';
import { readChoice, readOptions } from '../read-options.ts';
import { explainFunctionUrl } from '../show-url.ts';
import { checkClock, checkCredentials, explainFailedCall } from './check-access.ts';
import { checkApplication, checkNotification, checkRegions } from './check-application.ts';
import { checkConfiguration } from './check-configuration.ts';
import { checkDatabase } from './check-database.ts';
import { checkDeployment, skipDeployment } from './check-deployment.ts';
import { checkFunctions, FUNCTION_NAMES, type FunctionUrls } from './check-functions.ts';
import { checkKeySet } from './check-key-set.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkSweep } from './check-sweep.ts';
import { finding, type Note } from './note.ts';
import { exitCode, writeJsonReport, writeReport } from './report.ts';

const OPTIONS = {
  mode: { type: 'string' },
  'signature-url': { type: 'string' },
  'pull-url': { type: 'string' },
  'callback-url': { type: 'string' },
  'uploads-url': { type: 'string' },
  ...DEPLOYMENT_OPTIONS,
  'env-file': { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

const HELP = `vod-upload doctor finds out what is wrong between VOD, this backend and its database, and says what to do.

It changes nothing. Run it with the variables that you deploy with.

Usage: vod-upload doctor [options]

Options:
${DEPLOYMENT_HELP}
  --signature-url <url>, --pull-url <url>, --callback-url <url>, --uploads-url <url>
                         addresses of the deployed functions, where they shall not be looked up
  --mode push|pull       how VOD should report; VOD_EVENT_MODE says it too, and push is the default
  --env-file <file>      reads variables from this file too; .env is read where there is one
  --json                 { ok, findings: [{ check, text, remedy }], unable: [{ check, text }], skipped: [… ] }

Variables: those of the functions, and
  TENCENT_SECRET_ID, TENCENT_SECRET_KEY, TENCENT_TOKEN
                         key to ask with, as for deploying (deploy/cam/deployer.json says what it may do);
                         VOD_SECRET_ID and VOD_SECRET_KEY otherwise

Exit codes: 0 all is well, 1 something is wrong, 2 something could not be found out.

Examples:
  vod-upload doctor
  vod-upload doctor --region ap-shanghai --stage prod --env-file prod.env
  vod-upload doctor --callback-url https://1500000001-abc.ap-singapore.tencentscf.com/
  vod-upload doctor --json | jq '.findings[].text'
`;

/** `vod-upload doctor`: finds out what is wrong. */
export const doctor: Command = {
  name: 'doctor',
  summary: 'finds out what is wrong between VOD, this backend and its database',
  help: HELP,
  run,
};

type Options = ReturnType<typeof readDoctorOptions>;

function readDoctorOptions(args: readonly string[]) {
  return readOptions('doctor', args, OPTIONS);
}

async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const options = readDoctorOptions(args);
  const { colours, writeOut, now } = surroundings;
  const environment = await readVariables(options['env-file'], surroundings);
  const urls = readUrls(options);
  const mode = readChoice('--mode', options.mode ?? environment['VOD_EVENT_MODE'] ?? 'push', [
    'PUSH',
    'PULL',
  ]);

  const database = examineDatabase(environment['DATABASE_URL'], now);
  const keySet = checkKeySet(environment);
  const account = await examineAccount(options, { environment, mode, urls, now });
  const notes = [
    ...checkConfiguration(environment),
    ...checkSecrets(environment),
    ...account.notes,
    ...(await checkFunctions(account.urls, environment, now)),
    ...(await keySet),
    ...(await database),
  ];
  writeOut(options.json ? writeJsonReport(notes) : writeReport(notes, colours));
  return exitCode(notes);
}

async function examineDatabase(
  databaseUrl: string | undefined,
  now: () => number,
): Promise<readonly Note[]> {
  const notes = await checkDatabase(databaseUrl);
  return databaseUrl === undefined || notes.length > 0 ? notes : checkSweep(databaseUrl, now);
}

function readUrls(options: Options): FunctionUrls {
  return Object.fromEntries(
    FUNCTION_NAMES.flatMap((name) => {
      const url = options[`${name}-url`];
      if (url === undefined) return [];
      const message = explainFunctionUrl(url);
      if (message !== undefined) throw new CommandError(`--${name}-url ${message}.`);
      return [[name, new URL(url).href]];
    }),
  );
}

interface Question {
  readonly environment: Environment;
  readonly mode: 'PUSH' | 'PULL';
  readonly urls: FunctionUrls;
  readonly now: () => number;
}

interface Examined {
  readonly notes: readonly Note[];
  readonly urls: FunctionUrls;
}

/** Looks at everything that Tencent Cloud tells of the account; most of it only where it takes the key. */
async function examineAccount(options: Options, question: Question): Promise<Examined> {
  const { environment, urls, now } = question;
  const operator = findOperator(environment);
  if ('kind' in operator) return { notes: [operator], urls };

  const clock = await checkClock(operator.vodApi, now);
  if (clock.some(({ kind }) => kind === 'unable')) return { notes: clock, urls };
  const access = await checkCredentials(operator, clock);
  const uploadKey = await checkUploadKey(operator, environment, clock);
  const notes = [...clock, ...access.notes, ...uploadKey];
  if (access.applications === undefined) return { notes, urls };

  const application = checkApplication(operator.vodApi.subAppId, access.applications);
  const deployed = await examineDeployment(options, operator, question);
  const settings =
    application.length > 0 ? undefined : await examineSettings(operator, question, deployed.urls);
  return {
    notes: [...notes, ...application, ...(settings?.notes ?? []), ...deployed.notes],
    urls: settings?.urls ?? deployed.urls,
  };
}

function findOperator(environment: Environment): Operator | Note {
  try {
    return readOperator(environment);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return finding('credentials', error.message, 'Set them, and run this again.');
  }
}

async function checkUploadKey(
  operator: Operator,
  environment: Environment,
  clock: readonly Note[],
): Promise<readonly Note[]> {
  const key = readUploadKey(environment);
  if (key === undefined || operator.source === key.source) return [];
  return (await checkCredentials({ ...operator, ...key }, clock)).notes;
}

async function examineDeployment(
  options: Options,
  { credentials }: Operator,
  { environment, urls }: Question,
): Promise<Examined> {
  const isComplete = FUNCTION_NAMES.every((name) => urls[name] !== undefined);
  if (isComplete && readRegion(options, environment) === undefined) {
    return { notes: [skipDeployment()], urls };
  }
  const deployment = readDeployment(options, environment);
  const findFunction = createFindFunction(deployment, credentials, environment);
  const sweeps = environment['DATABASE_URL'] !== undefined;
  return checkDeployment(deployment, findFunction, urls, sweeps);
}

async function examineSettings(
  { vodApi, credentials }: Operator,
  { mode }: Question,
  urls: FunctionUrls,
): Promise<Examined> {
  const account = createVodAccount(vodApi, credentials);
  const regions = await checkRegions(account);
  const settings = await account
    .readEventSettings()
    .catch((error: unknown) => explainFailedCall('notification', error));
  if ('kind' in settings) return { notes: [...regions, settings], urls };
  const notification = checkNotification(settings, { mode, callbackUrl: urls.callback });
  return { notes: [...regions, ...notification], urls: addCallbackUrl(urls, settings) };
}

/** Where nobody says the address of the callback function, the one that VOD has should lead there. */
function addCallbackUrl(urls: FunctionUrls, { callbackUrl }: EventSettings): FunctionUrls {
  if (urls.callback !== undefined) return urls;
  return URL.canParse(callbackUrl) ? { ...urls, callback: callbackUrl } : urls;
}
