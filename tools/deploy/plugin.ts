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

/** The command line's options, and what serverless-tencent-scf looks for beside them. */
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

/** How the user is told. */
interface Output {
  /** Tells of a step. */
  readonly note: (text: string) => void;
  /** Writes a result. */
  readonly print: (text: string) => void;
}

/** The commands that reach the cloud. */
const CLOUD_COMMANDS = new Set([
  ...['deploy', 'info', 'invoke', 'logs', 'metrics', 'remove', 'rollback'],
]);

/** The classes of serverless-tencent-scf whose work is done here. */
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

/** Returns what is done at the steps of Serverless's commands; each rejects with a `DeployError` where it cannot be done. */
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
  // Before anything is built, so that a command that must fail does so at once.
  const [command = ''] = processedInput.commands;
  if (!CLOUD_COMMANDS.has(command)) return;
  const checks = [() => readCredentials(process.env), () => checkValues(read())];
  // Who has set nothing yet is told of all that a deployment needs.
  const [credentials, values] = checks.map(explain);
  if (credentials === undefined) return;
  const isWhole = ['deploy', 'rollback'].includes(processedInput.commands.join(' '));
  throw new DeployError([credentials, ...(isWhole && values ? [values] : [])].join('\n'));
}

/** Returns the text of the error with which `check` ends; undefined where it does not. */
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

/** Returns the path of the archive, where Serverless looks for it, too. */
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

/** What fails in its own commands, serverless-tencent-scf logs and then ends as if nothing had happened. */
function failWithErrors({ cli, classes }: Serverless): void {
  const { log } = cli;
  cli.log = (message, ...more) => {
    if (message instanceof Error) throw new classes.Error(message.message, 'NOT_DONE');
    log.call(cli, message, ...more);
  };
}

/** Gives serverless-tencent-scf, for the commands that stay its own, what it would look for in a file. */
async function lendCredentials(service: Service, options: Options): Promise<void> {
  const access = accessCloud(service);
  const { secretId, secretKey, token } = access.credentials;
  options.credentials = {
    tencent_secret_id: secretId,
    tencent_secret_key: secretKey,
    tencent_appid: await readAppId(createCloudApi('cam', access)),
    // Asked for by nothing but the check of real names, which is taken away.
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
