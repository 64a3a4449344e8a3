import { createFunctionsAccess } from '../../../client/put/functions-access.ts';
import type { Transport } from '../../../client/put/transport.ts';
import type { UploadAccess } from '../../../client/put/upload-access.ts';
import { defined } from '../../../lib/validation/json-object.ts';
import { createDirectAccess } from '../../put/direct-access.ts';
import { readOperator, readUploadKey } from '../cloud/operator.ts';
import { CommandError, type Surroundings } from '../command.ts';
import { readVariables } from '../read-environment.ts';
import { explainFunctionUrl } from '../show-url.ts';
import { type PutOptions, readInteger } from './put-options.ts';

/** Where uploads go. */
export interface OpenedAccess {
  readonly access: UploadAccess;
  /** What the media are uploaded with, as a text. */
  readonly options: string;
  /** The functions, if it goes through them. */
  readonly functions: { readonly uploadsEndpoint: string; readonly token: string } | undefined;
  readonly cloudUrl: string | undefined;
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
  const cloudUrl = readUrl('--cloud-url', options['cloud-url']);
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
  return { access, options: JSON.stringify(parameters), functions: undefined, cloudUrl };
}

function openFunctions(
  options: PutOptions,
  cloudUrl: string | undefined,
  { surroundings, transport, signal }: AccessDependencies,
): OpenedAccess {
  const { environment } = surroundings;
  const given = options.endpoint ?? environment['VOD_UPLOAD_ENDPOINT'];
  const endpoint = readUrl('--endpoint', given);
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
  return { access, options: JSON.stringify(fields), functions, cloudUrl };
}

/** Returns a URL without a slash at its end. @throws {CommandError} */
function readUrl(option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const wrong = explainFunctionUrl(text);
  if (wrong !== undefined) throw new CommandError(`${option} ${wrong}.`);
  return text.replace(/\/+$/, '');
}
