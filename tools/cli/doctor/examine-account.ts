import type { SubAppIdInfo } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import type { Environment } from '../../../lib/config/environment.ts';
import { ConfigError } from '../../../lib/config-error.ts';
import { listApplications } from '../../../lib/policy/applications.ts';
import type { Policy } from '../../../lib/policy/settings.ts';
import { readRuntime } from '../../deploy/runtime.ts';
import { createFindFunction } from '../cloud/deployed-functions.ts';
import { type DeploymentChoice, readDeployment, readRegion } from '../cloud/deployment-options.ts';
import { type Key, type Operator, readOperator, readUploadKey } from '../cloud/operator.ts';
import { createVodAccount, type EventSettings } from '../cloud/vod-account.ts';
import { joinNames } from '../join-names.ts';
import { checkClock, checkCredentials, explainFailedCall } from './check-access.ts';
import {
  checkApplication,
  checkNotification,
  checkRegions,
  type ExpectedApplication,
} from './check-application.ts';
import { checkDeployment, skipDeployment } from './check-deployment.ts';
import { FUNCTION_NAMES, type FunctionUrls } from './check-functions.ts';
import { finding, type Note, unable } from './note.ts';

/** The input for the checks of the account. */
export interface Question {
  readonly choice: DeploymentChoice;
  readonly environment: Environment;
  /** How VOD should report; undefined if either mode is right. */
  readonly mode: 'PUSH' | 'PULL' | undefined;
  readonly policy: Pick<Policy, 'tenants'>;
  readonly urls: FunctionUrls;
  readonly now: () => number;
  /** Names of wrong variables, which are reported separately; `environment` is without them. */
  readonly wrong: ReadonlySet<string>;
  /** Shows the present step. */
  readonly say: (doing: string) => void;
}

/** What Tencent Cloud reports about the account, and the addresses of the functions. */
export interface Examined {
  readonly notes: readonly Note[];
  readonly urls: FunctionUrls;
}

/** Runs all checks of the account in Tencent Cloud; most of them only if it accepts the key. */
export async function examineAccount(question: Question): Promise<Examined> {
  const { environment, urls, now, say } = question;
  const operator = findOperator(question);
  if ('kind' in operator) return { notes: [operator], urls };

  say(`asking VOD's API at ${operator.vodApi.endpoint}`);
  const clock = await checkClock(operator.vodApi, now);
  if (clock.some(({ kind }) => kind === 'unable')) return { notes: clock, urls };
  const access = await checkCredentials(operator, clock);
  const uploadKey = await checkUploadKey(operator, environment, [...clock, ...access.notes]);
  const notes = [...clock, ...access.notes, ...uploadKey];
  if (access.applications === undefined) return { notes, urls };

  say('looking the functions up in SCF');
  const deployed = await examineDeployment(operator, question);
  const examined = await examineApplications(access.applications, operator, {
    ...question,
    urls: deployed.urls,
  });
  return { notes: [...notes, ...examined.notes, ...deployed.notes], urls: examined.urls };
}

function findOperator({ environment, wrong }: Question): Operator | Note {
  const misleading = [...wrong].filter((name) => name.startsWith('VOD_API_'));
  if (misleading.length > 0) {
    return unable(
      'credentials',
      `VOD was not asked: ${joinNames(misleading)} must be right first.`,
    );
  }
  try {
    return readOperator(environment);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const remedy =
      'Set TENCENT_SECRET_ID and TENCENT_SECRET_KEY, or VOD_SECRET_ID and VOD_SECRET_KEY, and run this again.';
    return finding('credentials', error.message, remedy);
  }
}

async function checkUploadKey(
  operator: Operator,
  environment: Environment,
  clock: readonly Note[],
): Promise<readonly Note[]> {
  const key = findUploadKey(environment);
  if (key === undefined || operator.source === key.source) return [];
  const { secretId, secretKey } = operator.credentials;
  const isSame = key.credentials.secretId === secretId && key.credentials.secretKey === secretKey;
  if (isSame) return [];
  return (await checkCredentials({ ...operator, ...key }, clock)).notes;
}

/** A malformed key is reported by the check of the variables. */
function findUploadKey(environment: Environment): Key | undefined {
  try {
    return readUploadKey(environment);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

async function examineDeployment(
  { credentials }: Operator,
  { choice, environment, urls }: Question,
): Promise<Examined> {
  const isComplete = FUNCTION_NAMES.every((name) => urls[name] !== undefined);
  if (isComplete && readRegion(choice, environment) === undefined) {
    return { notes: [skipDeployment()], urls };
  }
  const deployment = readDeployment(choice, environment);
  const findFunction = createFindFunction(deployment, credentials, environment);
  return checkDeployment(deployment, findFunction, urls, {
    runtime: readRuntime(environment),
    sweeps: environment['DATABASE_URL'] !== undefined,
    contextKeys: environment['SOURCE_CONTEXT_KEYS'],
  });
}

/** Checks the service's own application and those of the tenants, beginning with whether they exist. */
async function examineApplications(
  existing: readonly SubAppIdInfo[],
  operator: Operator,
  question: Question,
): Promise<Examined> {
  const { policy, wrong, say } = question;
  const [own, ...tenants] = listApplications(policy, operator.vodApi.subAppId);
  const service = { subAppId: own, isTenants: false, isOnly: tenants.length === 0 };
  const expected: readonly ExpectedApplication[] = [
    ...(wrong.has('VOD_SUB_APP_ID') ? [] : [service]),
    ...tenants.map((subAppId) => ({ subAppId, isTenants: true, isOnly: false })),
  ];
  const checked = expected.map((application) => ({
    application,
    notes: checkApplication(application, existing),
  }));
  const notes = checked.flatMap((one) => one.notes);
  let { urls } = question;
  for (const { application } of checked.filter((one) => one.notes.length === 0)) {
    say(`asking VOD about application ${application.subAppId}`);
    const settings = await examineSettings(application, operator, question);
    notes.push(...settings.notes);
    if (!application.isTenants) urls = settings.urls;
  }
  return { notes, urls };
}

async function examineSettings(
  application: ExpectedApplication,
  { vodApi, credentials }: Operator,
  { mode, urls }: Question,
): Promise<Examined> {
  const { subAppId, isTenants, isOnly } = application;
  const account = createVodAccount({ ...vodApi, subAppId }, credentials);
  const name = (notes: readonly Note[]) =>
    isOnly ? notes : notes.map((note) => nameApplication(note, `${subAppId}`));
  const regions = await checkRegions(account);
  const settings = await account
    .readEventSettings()
    .catch((error: unknown) => explainFailedCall('notification', error));
  if ('kind' in settings) return { notes: name([...regions, settings]), urls };
  const tenantsApplication = isTenants ? subAppId : undefined;
  const notification = checkNotification(settings, {
    ...{ mode: mode ?? (settings.mode === 'PULL' ? 'PULL' : 'PUSH'), tenantsApplication },
    callbackUrl: urls.callback,
  });
  return { notes: name([...regions, ...notification]), urls: addCallbackUrl(urls, settings) };
}

function nameApplication(note: Note, subAppId: string): Note {
  const { among } = note;
  if (among === undefined) return { ...note, text: `Application ${subAppId}: ${note.text}` };
  const item = `${among.item} of application ${subAppId}`;
  return { ...note, text: among.describe([item]), among: { ...among, item } };
}

/** If the address of the callback function is not known, the one that VOD has should be its address. */
function addCallbackUrl(urls: FunctionUrls, { callbackUrl }: EventSettings): FunctionUrls {
  if (urls.callback !== undefined) return urls;
  return URL.canParse(callbackUrl) ? { ...urls, callback: callbackUrl } : urls;
}
