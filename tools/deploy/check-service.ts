import { REGION } from '../../lib/validation/storage-region.ts';
import { explainCron } from './cron.ts';
import { DeployError, listProblems } from './deploy-error.ts';
import { explainRuntime } from './runtime.ts';
import type { FunctionSpec, Service } from './service.ts';
import type { ZipEntry } from './zip.ts';

/** Two to sixty characters: https://cloud.tencent.com/document/product/583/18586. */
const FUNCTION_NAME = /^[A-Za-z][\w-]{0,58}[A-Za-z0-9]$/;
const HANDLER = /^([A-Za-z][\w-]*)\.([A-Za-z]\w*)$/;
const MAX_HANDLER = 60;
/** The cloud refuses other characters. The digest of the code is appended. */
const DESCRIPTION = /^[\w ,.\n\p{Script=Han}]{0,900}$/u;
/** https://cloud.tencent.com/document/product/583/18589 */
const TIMER_NAME = /^[\w-]{1,100}$/;
/** https://cloud.tencent.com/document/product/436/13312, without the dash and the account's number. */
const BUCKET = /^[a-z\d](?:[a-z\d-]{0,48}[a-z\d])?$/;

/** Megabytes: 64, or steps of 128. */
const MEMORY = { least: 64, step: 128, most: 3_072 } as const;
/** Seconds. */
const TIMEOUT = { least: 1, most: 900 } as const;

/** https://cloud.tencent.com/document/product/583/30228 */
const VARIABLE_NAME = /^[A-Za-z]\w{1,63}$/;
const RESERVED_NAME = /^(?:SCF|QCLOUD|TENCENTCLOUD)_/;
/** Names and values together: https://cloud.tencent.com/document/product/583/11637. */
const MAX_ENVIRONMENT_BYTES = 4_096;
/** Unpacked, from the same page. */
const MAX_CODE_BYTES = 500 * 1024 * 1024;

/**
 * Makes sure that the cloud will accept a service and its code, as far as that is known without a call.
 *
 * @throws {DeployError} that names everything that is wrong.
 */
export function checkService(service: Service, files: readonly ZipEntry[]): void {
  const problems = [
    ...demand(REGION.test(service.region), `${service.region} is not the short name of a region`),
    ...demand(
      service.bucket === undefined || BUCKET.test(service.bucket),
      `provider.cosBucket must be a bucket's name without the account's number: lower case, digits and dashes`,
    ),
    ...explainRuntimes(service.functions),
    ...service.functions.flatMap((spec) =>
      explainFunction(spec, files).map((problem) => `${spec.key}: ${problem}`),
    ),
    ...explainSize(files),
  ];
  if (problems.length === 0) return;
  throw new DeployError(listProblems('serverless.yml cannot be deployed:', problems));
}

/** Returns one problem for all functions that have it, since one variable causes it. */
function explainRuntimes(functions: readonly FunctionSpec[]): readonly string[] {
  const problems = functions.flatMap(({ runtime }) => explainRuntime(runtime) ?? []);
  return [...new Set(problems)];
}

function explainFunction(spec: FunctionSpec, files: readonly ZipEntry[]): readonly string[] {
  const { name, memorySize, timeout, description, vpc } = spec;
  return [
    ...demand(
      FUNCTION_NAME.test(name),
      `the name ${name} must have 2 to 60 letters, digits, dashes and underscores, begin with a letter and end in a letter or digit`,
    ),
    ...explainHandler(spec.handler, files),
    ...demand(
      memorySize === MEMORY.least || (memorySize % MEMORY.step === 0 && memorySize > 0),
      `memorySize ${memorySize} must be 64, or a multiple of 128`,
    ),
    ...demand(memorySize <= MEMORY.most, `memorySize ${memorySize} must be at most ${MEMORY.most}`),
    ...demand(
      Number.isInteger(timeout) && timeout >= TIMEOUT.least && timeout <= TIMEOUT.most,
      `timeout ${timeout} must be a whole number of seconds from 1 to 900`,
    ),
    ...demand(
      DESCRIPTION.test(description),
      'description must have at most 900 letters, digits, spaces, commas and full stops',
    ),
    ...demand(
      vpc === undefined || (vpc.vpcId !== '' && vpc.subnetId !== ''),
      'vpcConfig must have both vpcId and subnetId, or neither',
    ),
    ...explainEnvironment(spec.environment),
    ...explainTriggers(spec),
  ];
}

function explainHandler(handler: string, files: readonly ZipEntry[]): readonly string[] {
  const file = HANDLER.exec(handler)?.[1];
  if (file === undefined || handler.length > MAX_HANDLER) {
    return [
      `handler "${handler}" must be a file without its ending, a dot and an export, in 60 characters`,
    ];
  }
  return demand(
    files.some(({ name }) => name === `${file}.js`),
    `handler "${handler}" means ${file}.js, which is not built: there is no functions/${file}.ts`,
  );
}

function explainEnvironment(environment: Readonly<Record<string, string>>): readonly string[] {
  const names = Object.keys(environment);
  const bytes = Buffer.byteLength(Object.entries(environment).flat().join(''));
  return [
    ...names
      .filter((name) => !VARIABLE_NAME.test(name))
      .map(
        (name) =>
          `variable ${name} must have 2 to 64 letters, digits and underscores, and begin with a letter`,
      ),
    ...names
      .filter((name) => RESERVED_NAME.test(name))
      .map((name) => `variable ${name} has a name that the platform reserves`),
    ...demand(
      bytes <= MAX_ENVIRONMENT_BYTES,
      `the environment has ${bytes} bytes of names and values, and SCF accepts ${MAX_ENVIRONMENT_BYTES}`,
    ),
  ];
}

function explainTriggers({ triggers }: FunctionSpec): readonly string[] {
  const names = triggers.map(({ type, name }) => `${type} ${name}`);
  return [
    ...demand(new Set(names).size === names.length, 'two events have the same type and name'),
    ...triggers.flatMap((trigger) => {
      if (trigger.type !== 'timer') return [];
      const cron = explainCron(trigger.cron);
      return [
        ...demand(
          TIMER_NAME.test(trigger.name),
          `timer ${trigger.name} must have a name of 1 to 100 letters, digits, dashes and underscores`,
        ),
        ...(cron === undefined ? [] : [`cronExpression of timer ${trigger.name} ${cron}`]),
      ];
    }),
  ];
}

function explainSize(files: readonly ZipEntry[]): readonly string[] {
  const bytes = files.reduce((sum, { content }) => sum + content.length, 0);
  return demand(
    bytes <= MAX_CODE_BYTES,
    `the code has ${bytes} bytes, and SCF accepts ${MAX_CODE_BYTES}`,
  );
}

function demand(condition: boolean, problem: string): readonly string[] {
  return condition ? [] : [problem];
}
