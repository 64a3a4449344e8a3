import { CloudError } from '../cloud-error.ts';

/** https://cloud.tencent.com/document/api/583/18586 */
const FUNCTION_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]$/;
const HANDLER_PART = /^[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z]$/;

/** https://docs.cloudbase.net/cloud-function/runtime-support, of the same platform. */
const RUNTIMES: readonly string[] = [
  ...['Nodejs24.11', 'Nodejs22.21', 'Nodejs20.19', 'Nodejs18.15', 'Nodejs16.13'],
  ...['Nodejs14.18', 'Nodejs12.16', 'Nodejs10.15'],
];

/** https://cloud.tencent.com/document/product/583/14570 */
const ENVIRONMENT_KEY = /^[A-Za-z]\w{1,63}$/;
/** https://docs.cloudbase.net/cloud-function/function-configuration/env, of the same platform. */
const RESERVED_KEY = /^(?:SCF_|QCLOUD_|TENCENTCLOUD_)/;

/** https://cloud.tencent.com/document/product/583/11637 */
const MAX_ENVIRONMENT_BYTES = 4 * 1024;
const MAX_FUNCTIONS = 50;
const SMALLEST_MEMORY = 64;
const MEMORY_STEP = 128;
const MAX_MEMORY = 3_072;
const MAX_SECONDS = 900;
const MAX_DESCRIPTION_CHARACTERS = 1_000;

/** The settings of a function that are checked; what is left out does not change. */
export interface FunctionSettings {
  readonly FunctionName: string;
  readonly Handler?: string | undefined;
  readonly Runtime?: string | undefined;
  readonly MemorySize?: number | undefined;
  readonly Timeout?: number | undefined;
  readonly Description?: string | undefined;
}

/** @throws CloudError if the platform does not accept a setting. */
export function checkFunctionSettings(settings: FunctionSettings): void {
  const { FunctionName, Handler, Runtime, MemorySize, Timeout, Description = '' } = settings;
  const refuse = (field: string, value: unknown): never => {
    throw new CloudError(`InvalidParameterValue.${field}`, `${field} is not allowed: ${value}`);
  };
  if (!FUNCTION_NAME.test(FunctionName)) refuse('FunctionName', FunctionName);
  if (Handler !== undefined && !isHandler(Handler)) refuse('Handler', Handler);
  if (Runtime !== undefined && !RUNTIMES.includes(Runtime)) refuse('Runtime', Runtime);
  if (MemorySize !== undefined && !isMemorySize(MemorySize)) refuse('MemorySize', MemorySize);
  if (Timeout !== undefined && (Timeout < 1 || Timeout > MAX_SECONDS)) {
    throw new CloudError('LimitExceeded.Timeout', `Timeout must be 1 to ${MAX_SECONDS}`);
  }
  if ([...Description].length > MAX_DESCRIPTION_CHARACTERS) refuse('Description', Description);
}

/** @throws CloudError if the account already has the maximum number of functions. */
export function checkFunctionCount(count: number): void {
  if (count < MAX_FUNCTIONS) return;
  throw new CloudError('LimitExceeded.Function', `There are ${MAX_FUNCTIONS} functions already`);
}

/** Returns the variables of a function. @throws CloudError if the platform does not accept them. */
export function readEnvironment(
  variables: readonly { readonly Key: string; readonly Value: string }[],
): ReadonlyMap<string, string> {
  let bytes = 0;
  for (const { Key, Value } of variables) {
    if (!ENVIRONMENT_KEY.test(Key)) {
      throw new CloudError('InvalidParameterValue.Environment', `The key ${Key} is not allowed`);
    }
    if (RESERVED_KEY.test(Key)) {
      throw new CloudError(
        'InvalidParameterValue.EnvironmentSystemProtect',
        `The key ${Key} is the platform's`,
      );
    }
    bytes += Buffer.byteLength(Key) + Buffer.byteLength(Value);
  }
  if (bytes > MAX_ENVIRONMENT_BYTES) {
    throw new CloudError(
      'InvalidParameterValue.EnvironmentExceededLimit',
      `The environment has ${bytes} bytes, ${MAX_ENVIRONMENT_BYTES} are allowed`,
    );
  }
  return new Map(variables.map(({ Key, Value }) => [Key, Value]));
}

function isHandler(handler: string): boolean {
  const parts = handler.split('.');
  return parts.length === 2 && parts.every((part) => HANDLER_PART.test(part));
}

function isMemorySize(size: number): boolean {
  return size === SMALLEST_MEMORY || (size > 0 && size <= MAX_MEMORY && size % MEMORY_STEP === 0);
}
