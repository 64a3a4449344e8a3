import { createFunctionsAccess } from '../../../client/put/functions-access.ts';
import type { Transport } from '../../../client/put/transport.ts';
import type { UploadAccess } from '../../../client/put/upload-access.ts';
import type { Environment } from '../../../lib/config/environment.ts';
import { defined } from '../../../lib/validation/json-object.ts';
import { createDirectAccess } from '../../put/direct-access.ts';
import { readOperator, readUploadKey } from '../cloud/operator.ts';
import { CommandError, type Surroundings } from '../command.ts';
import { readVariables } from '../read-environment.ts';
import { isLoopback } from '../show-url.ts';
import { type PutOptions, readCloudUrl, readInteger, readUrl } from './put-options.ts';

/** Where uploads go. */
export interface OpenedAccess {
  readonly access: UploadAccess;
  /** What the media are uploaded with, as a text. */
  readonly options: string;
  /** The functions, if it goes through them. */
  readonly functions: { readonly uploadsEndpoint: string; readonly token: string } | undefined;
  readonly cloudUrl: string | undefined;
  /** A sentence about files that may not go where users want them; undefined if there is nothing to say. */
  readonly hint: string | undefined;
}

/** Dependencies of an access. */
interface AccessDependencies {
  readonly surroundings: Surroundings;
  readonly transport: Transport;
  readonly signal: AbortSignal;
}

/** Returns the way in that the options choose. @throws {CommandError} */
export async function openAccess(
  options: PutOptions,
  dependencies: AccessDependencies,
): Promise<OpenedAccess> {
  const cloudUrl = readCloudUrl(options['cloud-url']);
  return options.direct
    ? openDirect(options, cloudUrl, dependencies)
    : openFunctions(options, cloudUrl, dependencies);
}

async function openDirect(
  options: PutOptions,
  cloudUrl: string | undefined,
  { surroundings, transport, signal }: AccessDependencies,
): Promise<OpenedAccess> {
  const variables = await readVariables(options['env-file'], surroundings);
  demandKey(variables);
  const { credentials, vodApi } = readOperator(variables);
  // The key that signs uploads may do this, too, and is allowed nothing else.
  const key = readUploadKey(variables)?.credentials ?? credentials;
  const parameters = defined({
    ClassId: readInteger('--class-id', options['class-id']),
    Procedure: options.procedure,
    ExpireTime: options['expire-time'],
    StorageRegion: options['storage-region'],
    SourceContext: options['source-context'],
    SessionContext: options['session-context'],
    ExtInfo: options['ext-info'],
    MediaStoragePath: options['media-storage-path'],
  });
  const { protocol, endpoint, subAppId } = vodApi;
  const api =
    variables['VOD_API_ENDPOINT'] === undefined && cloudUrl !== undefined
      ? `${cloudUrl}/${endpoint}/`
      : `${protocol}://${endpoint}/`;
  const access = createDirectAccess({
    ...{ api, key, subAppId, parameters, transport, cloudUrl, signal, now: surroundings.now },
  });
  const hint = explainCloud(api, cloudUrl);
  return { access, options: JSON.stringify(parameters), functions: undefined, cloudUrl, hint };
}

function openFunctions(
  options: PutOptions,
  cloudUrl: string | undefined,
  { surroundings, transport, signal }: AccessDependencies,
): OpenedAccess {
  const { environment } = surroundings;
  const endpoint =
    readUrl('--endpoint', options.endpoint) ??
    readUrl('VOD_UPLOAD_ENDPOINT', environment['VOD_UPLOAD_ENDPOINT'] || undefined);
  const token = environment['VOD_UPLOAD_TOKEN']?.trim() ?? '';
  if (endpoint === undefined || token === '') {
    const lacks = [
      ...(endpoint === undefined
        ? [
            '--endpoint must be the address of the functions (or VOD_UPLOAD_ENDPOINT), or use --direct with the key of an account.',
          ]
        : []),
      ...(token === '' ? ['VOD_UPLOAD_TOKEN must be an API key or a token of a caller.'] : []),
    ];
    throw new CommandError(lacks.join(' '));
  }
  const fields = defined({
    classId: readInteger('--class-id', options['class-id']),
    procedure: options.procedure,
    taskPriority: readInteger('--task-priority', options['task-priority']),
    taskNotifyMode: options['task-notify-mode'],
    sourceContext: options['source-context'],
    sessionContext: options['session-context'],
    storageRegion: options['storage-region'],
    mediaExpireTime: options['expire-time'],
  });
  const signatureUrl = `${endpoint}/signature`;
  const access = createFunctionsAccess({
    ...{ signatureUrl, token, fields, transport, cloudUrl, signal },
  });
  const uploadsEndpoint = readUrl('--uploads-endpoint', options['uploads-endpoint']) ?? endpoint;
  const functions = { uploadsEndpoint, token };
  const hint = explainCloud(endpoint, cloudUrl);
  return { access, options: JSON.stringify(fields), functions, cloudUrl, hint };
}

/** The variables of a key: its own, and those for deploying. */
const KEYS = [
  ...(['VOD_SECRET_ID', 'VOD_SECRET_KEY'] as const),
  ...(['TENCENT_SECRET_ID', 'TENCENTCLOUD_SECRET_ID'] as const),
];

/** @throws {CommandError} if there is none at all; what is wrong with one is found when it is read. */
function demandKey(variables: Environment): void {
  const [hasId, hasKey, ...others] = KEYS.map((name) => (variables[name] ?? '') !== '');
  if ((hasId && hasKey) || others.includes(true)) return;
  throw new CommandError(
    'VOD_SECRET_ID and VOD_SECRET_KEY must be a key of the account, and VOD_SUB_APP_ID its application, in the environment or in .env.',
  );
}

/** What answers on this machine is mostly a local stack, whose signatures the cloud refuses. */
function explainCloud(url: string, cloudUrl: string | undefined): string | undefined {
  if (cloudUrl !== undefined || !isLoopback(url)) return undefined;
  const { origin } = new URL(url);
  return `${origin} is on this machine, but files go to Tencent Cloud: for a local stack or the emulator add --cloud-url ${origin}/__vod.`;
}
