import * as v from 'valibot';
import { splitList } from '../../lib/config/environment.ts';
import { DeployError, listProblems } from './deploy-error.ts';
import { DEFAULT_RUNTIME } from './runtime.ts';
import { readSettings } from './settings.ts';
import { describeTriggers, type TriggerSpec } from './triggers.ts';

/** A function as serverless.yml describes it. */
export interface FunctionSpec {
  /** Its name in the file. */
  readonly key: string;
  /** Its name in the cloud. */
  readonly name: string;
  readonly description: string;
  /** File without its ending, a dot, and the exported name. */
  readonly handler: string;
  readonly runtime: string;
  /** Megabytes. */
  readonly memorySize: number;
  /** Seconds. */
  readonly timeout: number;
  /**
   * CAM role for its calls to other services; the empty text where the file takes it from a variable that is not set.
   */
  readonly role: string | undefined;
  readonly vpc: Vpc | undefined;
  /** Without empty variables. */
  readonly environment: Readonly<Record<string, string>>;
  readonly triggers: readonly TriggerSpec[];
}

/** A private network that a function joins, for a database without a public address. */
interface Vpc {
  readonly vpcId: string;
  readonly subnetId: string;
}

/** What serverless.yml says, in the terms of the deployment. */
export interface Service {
  readonly name: string;
  readonly stage: string;
  readonly region: string;
  /** Bucket for the code, without the account's number; by default the one that serverless-tencent-scf uses. */
  readonly bucket: string | undefined;
  readonly functions: readonly FunctionSpec[];
  /** Functions that are not deployed, with the variables that they would need. */
  readonly leftOut: readonly { readonly key: string; readonly missing: readonly string[] }[];
  /** Variables that functions may lose. */
  readonly removes: readonly string[];
  /** Content of settings.json. */
  readonly settings: string;
}

/** The part of Serverless's model of the file that is read. */
export interface ServiceSource {
  readonly service: unknown;
  readonly provider: unknown;
  readonly functions: unknown;
  readonly custom?: unknown;
}

const DEFAULTS = { stage: 'dev', region: 'ap-guangzhou', memorySize: 128, timeout: 3 } as const;

const text = v.pipe(v.string(), v.trim());
const scalar = v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String));
const environment = v.object({ variables: v.optional(v.nullable(v.record(v.string(), scalar))) });
const vpcConfig = v.strictObject({ vpcId: text, subnetId: text });

const provider = v.object({
  stage: v.optional(text),
  region: v.optional(text),
  runtime: v.optional(text),
  memorySize: v.optional(v.number()),
  timeout: v.optional(v.number()),
  role: v.optional(text),
  cosBucket: v.optional(text),
  vpcConfig: v.optional(vpcConfig),
  environment: v.optional(environment),
});

const functionEntry = v.strictObject({
  handler: text,
  description: v.optional(text, ''),
  runtime: v.optional(text),
  memorySize: v.optional(v.number()),
  timeout: v.optional(v.number()),
  role: v.optional(text),
  vpcConfig: v.optional(vpcConfig),
  environment: v.optional(environment),
  events: v.optional(v.array(v.unknown()), []),
  requires: v.optional(v.array(v.string()), []),
  // Serverless itself adds these.
  name: v.optional(v.unknown()),
  package: v.optional(v.unknown()),
});

const source = v.object({
  service: v.string(),
  provider,
  functions: v.record(v.string(), functionEntry),
  custom: v.optional(
    v.nullable(
      v.looseObject({ httpTrigger: v.optional(v.unknown()), removes: v.optional(text, '') }),
    ),
  ),
});

type Source = v.InferOutput<typeof source>;
type FunctionEntry = v.InferOutput<typeof functionEntry>;

/** Options of the command line that override the file. */
export interface CommandOptions {
  readonly stage?: string | undefined;
  readonly region?: string | undefined;
}

/**
 * Returns the service that serverless.yml describes.
 *
 * @throws {DeployError} that names everything with a wrong shape.
 */
export function readService(input: ServiceSource, options: CommandOptions): Service {
  const result = v.safeParse(source, input);
  if (!result.success) {
    const problems = result.issues.map(explainIssue);
    throw new DeployError(listProblems('serverless.yml cannot be deployed:', problems));
  }
  const file = result.output;
  const stage = options.stage ?? file.provider.stage ?? DEFAULTS.stage;
  const entries = Object.entries(file.functions).map(([key, entry]) => {
    const variables = readVariables(file, entry);
    const missing = entry.requires.filter((name) => variables[name] === undefined);
    return { key, entry, variables, missing };
  });
  return {
    name: file.service,
    stage,
    region: options.region ?? file.provider.region ?? DEFAULTS.region,
    bucket: file.provider.cosBucket,
    functions: entries
      .filter(({ missing }) => missing.length === 0)
      .map(({ key, entry, variables }) => ({
        ...describeFunction(file, entry),
        key,
        name: `${file.service}-${stage}-${key}`,
        environment: variables,
        triggers: describeTriggers(key, entry.events, file.custom?.httpTrigger),
      })),
    leftOut: entries.filter(({ missing }) => missing.length > 0),
    removes: splitList(file.custom?.removes ?? ''),
    settings: readSettings(file.custom),
  };
}

function explainIssue(issue: v.BaseIssue<unknown>): string {
  const place = v.getDotPath(issue) ?? 'the file';
  if (issue.expected === 'never') return `${place} is not known here`;
  return issue.received === 'undefined' ? `${place} is missing` : `${place}: ${issue.message}`;
}

function describeFunction({ provider: shared }: Source, entry: FunctionEntry) {
  return {
    description: entry.description,
    handler: entry.handler,
    runtime: (entry.runtime ?? shared.runtime) || DEFAULT_RUNTIME,
    memorySize: entry.memorySize ?? shared.memorySize ?? DEFAULTS.memorySize,
    timeout: entry.timeout ?? shared.timeout ?? DEFAULTS.timeout,
    role: entry.role ?? shared.role,
    vpc: describeVpc(entry.vpcConfig ?? shared.vpcConfig),
  };
}

function describeVpc(vpc: Vpc | undefined): Vpc | undefined {
  return vpc === undefined || (vpc.vpcId === '' && vpc.subnetId === '') ? undefined : vpc;
}

/** Leaves out empty variables, since some readers of the functions accept an empty text as a value. */
function readVariables(file: Source, entry: FunctionEntry): Readonly<Record<string, string>> {
  const all = { ...file.provider.environment?.variables, ...entry.environment?.variables };
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, value]) => value !== '')
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
