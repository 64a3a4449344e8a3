import * as v from 'valibot';
import type { Environment } from '../../../lib/config/environment.ts';
import { listApplications } from '../../../lib/policy/applications.ts';
import type { Policy } from '../../../lib/policy/settings.ts';
import { subAppId } from '../../../lib/validation/fields.ts';
import { asTyped } from '../as-typed.ts';
import { DEPLOYMENT_HELP, DEPLOYMENT_OPTIONS } from '../cloud/deployment-options.ts';
import { type Command, CommandError, type Surroundings } from '../command.ts';
import { readVariables } from '../read-environment.ts';
import { readChoice, readOptions } from '../read-options.ts';
import { readTenants } from '../read-tenants.ts';
import { explainFunctionUrl } from '../show-url.ts';
import { checkConfiguration } from './check-configuration.ts';
import { checkDatabase } from './check-database.ts';
import { checkEndpoints } from './check-endpoints.ts';
import { checkFunctions, FUNCTION_NAMES, type FunctionUrls } from './check-functions.ts';
import { checkKeySet } from './check-key-set.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkSweep } from './check-sweep.ts';
import { examineAccount } from './examine-account.ts';
import { keepCauses } from './keep-causes.ts';
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

It changes nothing. Run it with the variables that you deploy with, and where serverless.yml is: that names the tenants
whose applications are looked at too.

Usage: vod-upload doctor [options]

Options:
${DEPLOYMENT_HELP}
  --signature-url <url>, --pull-url <url>, --callback-url <url>, --uploads-url <url>
                         addresses of the deployed functions, instead of looking them up
  --mode push|pull       how VOD should report; VOD_EVENT_MODE sets it too, and push is the default
  --env-file <file>      reads variables from this file instead of .env.<stage> or .env
  --json                 { ok, findings: [{ check, text, remedy }], warnings: [… ], unable: [{ check, text }],
                         skipped: [… ] }

Variables: those of the functions, and
  TENCENT_SECRET_ID, TENCENT_SECRET_KEY, TENCENT_TOKEN
                         key to call VOD with, as for deploying (deploy/cam/deployer.json says what it may do);
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
  help: HELP,
  run,
};

type Options = ReturnType<typeof readDoctorOptions>;

function readDoctorOptions(args: readonly string[]) {
  return readOptions('vod-upload doctor', args, OPTIONS);
}

async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const options = readDoctorOptions(args);
  const { colours, writeOut, now, showProgress } = surroundings;
  const say = options.json ? () => undefined : showProgress;
  const environment = await readVariables(options['env-file'], {
    ...surroundings,
    stage: options.stage,
  });
  const urls = readUrls(options);
  const configuration = checkConfiguration(environment, now);
  const { wrong } = configuration;
  // A wrong variable is reported once: the other checks run without it.
  const sound = leaveOut(environment, wrong);
  const mode = readMode(options, sound, wrong);

  const keySet = checkKeySet(environment);
  say('reading the settings');
  const tenants = await findTenants(() => readTenants(options, environment, surroundings));
  const [policy, settings] = 'kind' in tenants ? [{}, [tenants]] : [tenants, []];
  const database = examineDatabase(environment, policy, now);
  const account = await examineAccount({
    ...{ choice: options, environment: sound, wrong, mode, policy, urls, now, say },
  });
  if (Object.keys(account.urls).length > 0) say('calling the functions');
  const [, ...tenantsApplications] = listApplications(policy, readOwnApplication(sound));
  const called = await checkFunctions(account.urls, sound, {
    ...{ now, misconfigured: configuration.functions, tenants: tenantsApplications },
  });
  if (environment['AUTH_JWKS_URL'] !== undefined) say("fetching the issuer's keys");
  const keys = await keySet;
  if (environment['DATABASE_URL'] !== undefined) say('asking the database');
  const notes = keepCauses([
    ...configuration.notes,
    ...settings,
    ...checkSecrets(sound),
    ...account.notes,
    ...called,
    ...keys,
    ...(await database),
  ]);
  say('');
  const report = options.json ? writeJsonReport(notes) : writeReport(notes, colours);
  writeOut(asTyped(report, surroundings.environment));
  return exitCode(notes);
}

function leaveOut(environment: Environment, names: ReadonlySet<string>): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !names.has(name)));
}

/** @returns undefined where the variable is wrong and the option is absent. */
function readMode({ mode }: Options, { VOD_EVENT_MODE }: Environment, wrong: ReadonlySet<string>) {
  const choices = ['PUSH', 'PULL'] as const;
  if (mode !== undefined) return readChoice('--mode', mode, choices);
  if (wrong.has('VOD_EVENT_MODE')) return undefined;
  return readChoice('VOD_EVENT_MODE', VOD_EVENT_MODE ?? 'push', choices);
}

async function findTenants(
  read: () => Promise<Pick<Policy, 'tenants'>>,
): Promise<Pick<Policy, 'tenants'> | Note> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return finding(
      'configuration',
      error.message,
      'Correct serverless.yml, and deploy again; its tenants were not looked at.',
    );
  }
}

/** A malformed value is reported by the check of the variables, and ignored here. */
function readOwnApplication({ VOD_SUB_APP_ID: text }: Environment): number | undefined {
  const own = v.safeParse(subAppId, text);
  return own.success ? own.output : undefined;
}

async function examineDatabase(
  environment: Environment,
  policy: Pick<Policy, 'tenants'>,
  now: () => number,
): Promise<readonly Note[]> {
  const { DATABASE_URL: databaseUrl, DATABASE_CA: databaseCa } = environment;
  const notes = await checkDatabase(databaseUrl, databaseCa);
  if (databaseUrl === undefined || notes.some(({ kind }) => kind !== 'warning')) return notes;
  const applications = listApplications(policy, readOwnApplication(environment));
  const database = { databaseUrl, databaseCa };
  return [
    ...notes,
    ...(await checkSweep(database, applications, now)),
    ...(await checkEndpoints(database, environment, now)),
  ];
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
