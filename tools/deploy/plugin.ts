import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { checkService } from './check-service.ts';
import { checkValues } from './check-values.ts';
import { type CloudAccess, createCloudApi, createHide, readAppId } from './cloud/api.ts';
import { openCloud } from './cloud/cloud.ts';
import { buildCode, type Code } from './code.ts';
import { deployFunction, deployService, findFunction, rollBack, type Session } from './commands.ts';
import { readCredentials } from './credentials.ts';
import { DeployError } from './deploy-error.ts';
import { describeService, describeStoredCode } from './info.ts';
import { invokeFunction } from './invoke.ts';
import { listSecrets } from './list-secrets.ts';
import { removeService } from './remove.ts';
import { readService, type Service, type ServiceSource } from './service.ts';

/** The part of Serverless 3 that is used. */
interface Serverless {
  readonly service: ServiceSource & { readonly package: { artifact?: string } };
  readonly serviceDir: string;
  readonly processedInput: { readonly commands: readonly string[] };
  readonly pluginManager: {
    readonly cliOptions: Options;
    readonly hooks: Record<string, readonly { readonly pluginName: string }[]>;
  };
  readonly cli: { log: (message: unknown, ...more: readonly unknown[]) => void };
  readonly classes: { readonly Error: new (message: string, code: string) => Error };
}

/** The command line's options, and what serverless-tencent-scf expects to find with them. */
interface Options {
  readonly stage?: string;
  readonly region?: string;
  readonly package?: string;
  readonly function?: string;
  readonly timestamp?: string;
  readonly data?: string;
  readonly path?: string;
  credentials?: object;
  token?: string | undefined;
}

/** Output for the user. */
interface Output {
  /** Writes a message about a step. */
  readonly note: (text: string) => void;
  /** Writes a result. */
  readonly print: (text: string) => void;
}

/** The commands that call the cloud. */
const CLOUD_COMMANDS = new Set([
  ...['deploy', 'info', 'invoke', 'logs', 'metrics', 'remove', 'rollback'],
]);

/** The classes of serverless-tencent-scf that this plugin replaces. */
const REPLACED = new Set([
  ...['TencentDeploy', 'TencentDeployFunction', 'TencentDeployList', 'TencentDeployListFunction'],
  ...['TencentInfo', 'TencentInvoke', 'TencentRemove', 'TencentRollback'],
]);

type Step =
  | 'initialize'
  | 'package'
  | 'lendCredentials'
  | 'deploy'
  | 'deployFunction'
  | 'listCode'
  | 'info'
  | 'invoke'
  | 'remove'
  | 'rollback';

/**
 * Returns the functions for the steps of Serverless's commands; each rejects with a `DeployError` if it cannot do its
 * work.
 */
export function createPlugin(
  serverless: Serverless,
  output: Output,
): Readonly<Record<Step, () => Promise<void>>> {
  const options = serverless.pluginManager.cliOptions;
  const build = once(() => buildService(serverless));
  const read = () => readService(serverless.service, options);
  const open = async (service: Service): Promise<Session> => {
    const cloud = await openCloud(service, accessCloud(service), output.note);
    return { service, cloud, print: output.print };
  };

  return {
    initialize: async () => initialize(serverless, read),
    package: async () => {
      const { code, service } = await build();
      const file = await writeArtifact(serverless, service, code);
      output.note(`${file}: ${code.files.length} files, ${code.zip.length} bytes`);
    },
    lendCredentials: async () => {
      failWithErrors(serverless);
      await lendCredentials(read(), options);
    },
    deploy: async () => {
      const { service, code } = await build();
      checkValues(service);
      await deployService(await open(service), code);
    },
    deployFunction: async () => {
      const { service, code } = await build();
      const functions = [findFunction(service, options.function)];
      checkValues({ functions, settings: service.settings });
      await deployFunction(await open(service), code, functions);
    },
    listCode: async () => {
      const { service, cloud, print } = await open(read());
      print(await describeStoredCode(service, cloud));
    },
    info: async () => {
      const { service, cloud, print } = await open(read());
      print(await describeService(service, cloud));
    },
    invoke: async () => {
      const service = read();
      const { name } = findFunction(service, options.function);
      const { cloud, print } = await open(service);
      await invokeFunction(name, await readEvent(options), cloud, print);
    },
    remove: async () => {
      const { service, cloud, print } = await open(read());
      const removed = await removeService(service, service.bucket === undefined, cloud);
      print(removed === 0 ? 'Nothing to remove.\n' : `Removed: ${removed}.\n`);
    },
    rollback: async () => {
      const service = read();
      checkValues(service);
      await rollBack(await open(service), options.timestamp);
    },
  };
}

function initialize(
  { pluginManager: { hooks }, processedInput }: Serverless,
  read: () => Service,
): void {
  for (const [event, entries] of Object.entries(hooks)) {
    hooks[event] = entries.filter(({ pluginName }) => !REPLACED.has(pluginName));
  }
  // Runs before the build, so that a command that must fail does so immediately.
  const [command = ''] = processedInput.commands;
  if (!CLOUD_COMMANDS.has(command)) return;
  const checks = [() => readCredentials(process.env), () => checkValues(read())];
  // A user who has set nothing yet sees everything that a deployment needs.
  const [credentials, values] = checks.map(explain);
  if (credentials === undefined) return;
  const isWhole = ['deploy', 'rollback'].includes(processedInput.commands.join(' '));
  throw new DeployError([credentials, ...(isWhole && values ? [values] : [])].join('\n'));
}

/** Returns the text of the error that `check` throws, or undefined if it throws none. */
function explain(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof DeployError) return error.message;
    throw error;
  }
}

interface Built {
  readonly service: Service;
  readonly code: Code;
}

async function buildService({ service: file, pluginManager }: Serverless): Promise<Built> {
  const service = readService(file, pluginManager.cliOptions);
  const code = await buildCode(service.settings);
  checkService(service, code.files);
  return { service, code };
}

/** Writes the archive where Serverless looks for it, and returns its path. */
async function writeArtifact(
  { service: file, serviceDir, pluginManager }: Serverless,
  { name }: Service,
  { zip }: Code,
): Promise<string> {
  const folder = resolve(serviceDir, pluginManager.cliOptions.package ?? '.serverless');
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.zip`);
  await writeFile(path, zip);
  file.package.artifact = path;
  return path;
}

function accessCloud({ region, functions }: Service): CloudAccess {
  const credentials = readCredentials(process.env);
  const { secretId, secretKey, token } = credentials;
  const secrets = functions.flatMap(({ environment }) => listSecrets(environment));
  return { credentials, region, hide: createHide([secretId, secretKey, token, ...secrets]) };
}

async function readEvent({ data, path }: Options): Promise<string | undefined> {
  return data ?? (path === undefined ? undefined : await readFile(path, 'utf8'));
}

/** serverless-tencent-scf only logs the errors of its own commands and ends with success; here they become failures. */
function failWithErrors({ cli, classes }: Serverless): void {
  const { log } = cli;
  cli.log = (message, ...more) => {
    if (message instanceof Error) throw new classes.Error(message.message, 'NOT_DONE');
    log.call(cli, message, ...more);
  };
}

/** Gives serverless-tencent-scf the credentials that it would read from a file, for the commands that it still runs. */
async function lendCredentials(service: Service, options: Options): Promise<void> {
  const access = accessCloud(service);
  const { secretId, secretKey, token } = access.credentials;
  options.credentials = {
    tencent_secret_id: secretId,
    tencent_secret_key: secretKey,
    tencent_appid: await readAppId(createCloudApi('cam', access)),
    // Only needed by the check of real names, which plugin.cjs removes.
    tencent_owneruin: '0',
  };
  options.token = token;
}

function once<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let made: Promise<Result> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
