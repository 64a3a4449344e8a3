import { randomBytes } from 'node:crypto';
import { CLOUD_ACCOUNT } from '../account.ts';
import { CloudError } from '../cloud-error.ts';
import type { ActionContext } from '../define-action.ts';
import { readZip } from '../zip.ts';
import { type FunctionRecord, functionKey } from './function-record.ts';

/** The code of a function as a request names it. */
export interface CodePlace {
  readonly CosBucketName?: string | undefined;
  readonly CosObjectName?: string | undefined;
  readonly CosBucketRegion?: string | undefined;
  readonly ZipFile?: string | undefined;
}

/** https://cloud.tencent.com/document/product/583/11637: before compression. */
const MAX_CODE_BYTES = 500 * 1024 * 1024;

/** Returns the function of this name. @throws CloudError if there is none. */
export function findFunction(
  { state, region }: ActionContext,
  name: string,
  namespace = 'default',
): FunctionRecord {
  const found = state.functions.get(functionKey(region, namespace, name));
  if (found !== undefined) return found;
  throw new CloudError(
    'ResourceNotFound.Function',
    `Function not found, namespace:${namespace} functionName:${name}`,
  );
}

/**
 * @param action the requested operation.
 * @throws CloudError if the function is busy, as https://github.com/qkqpttgf/OneDrive_SCF/issues/51 shows it.
 */
export function demandIdle(record: FunctionRecord, action: string): void {
  if (record.status === 'Active' || record.status === 'UpdateFailed') return;
  throw new CloudError(
    `FailedOperation.${action}`,
    `当前函数状态无法进行此操作，请在函数状态正常时重试。(${record.name}: ${record.status})`,
  );
}

/** Returns the status; each read brings it one step nearer to its next status. */
export function readStatus(record: FunctionRecord): FunctionRecord['status'] {
  const { status } = record;
  if (status !== 'Creating' && status !== 'Updating') return status;
  if (record.busyReads > 0) record.busyReads -= 1;
  else record.status = record.nextStatus;
  return record.status;
}

/** Makes the function busy, since its code or settings were changed. */
export function beginChange(
  { settings, now }: ActionContext,
  record: FunctionRecord,
  status: 'Creating' | 'Updating',
): void {
  record.modTime = formatTime(now());
  record.status = status;
  record.busyReads = settings.busyReads;
  const problem = findCodeProblem(record);
  record.statusReason = problem ?? '';
  if (problem === undefined) record.nextStatus = 'Active';
  else record.nextStatus = status === 'Creating' ? 'CreateFailed' : 'UpdateFailed';
}

/** Returns the zip that a request names. @throws CloudError if there is none. */
export function readCode({ state, region }: ActionContext, place: CodePlace): Buffer {
  if (place.ZipFile !== undefined) return Buffer.from(place.ZipFile, 'base64');
  const { CosBucketName, CosObjectName, CosBucketRegion = region } = place;
  if (CosBucketName === undefined || CosObjectName === undefined) {
    throw new CloudError('MissingParameter.Code', 'There is no code: give a bucket and an object');
  }
  // A request has the short name; the platform adds the account's id.
  const bucket = state.buckets.get(`${CosBucketName}-${CLOUD_ACCOUNT.appId}`);
  if (bucket === undefined || bucket.region !== CosBucketRegion) {
    throw new CloudError(
      'InvalidParameterValue.CosBucketName',
      `There is no bucket ${CosBucketName} of this account in ${CosBucketRegion}`,
    );
  }
  const object = bucket.objects.get(CosObjectName.replace(/^\//, ''));
  if (object !== undefined) return object.body;
  throw new CloudError('InvalidParameterValue.CosObjectName', `There is no ${CosObjectName}`);
}

/** Returns a new id, such as `lam-0123abcd`. */
export function newFunctionId(): string {
  return `lam-${randomBytes(4).toString('hex')}`;
}

/** Returns a time as the API writes it: https://cloud.tencent.com/document/product/583/18584. */
export function formatTime(time: Date): string {
  // The platform's clocks are eight hours ahead of UTC.
  const local = new Date(time.getTime() + 8 * 3_600_000);
  return local.toISOString().slice(0, 19).replace('T', ' ');
}

/** The entry must be at the root: https://cloud.tencent.com/document/product/583/67790. */
function findCodeProblem({ code, handler }: FunctionRecord): string | undefined {
  try {
    const entries = readZip(code);
    const bytes = entries.reduce((sum, { content }) => sum + content.length, 0);
    if (bytes > MAX_CODE_BYTES) return `The code has more than ${MAX_CODE_BYTES} bytes`;
    const file = `${handler.split('.')[0]}.js`;
    const isThere = entries.some(({ name, content }) => name === file && content.length > 0);
    return isThere ? undefined : `There is no ${file} at the root of the zip`;
  } catch (error) {
    return String(error);
  }
}
