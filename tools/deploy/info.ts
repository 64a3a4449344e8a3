import { type Cloud, searchTagsOf } from './cloud/cloud.ts';
import type { FunctionState } from './cloud/function-state.ts';
import type { Scf } from './cloud/scf.ts';
import { findTrigger, readAddress } from './cloud/trigger-state.ts';
import { readDigest } from './code.ts';
import type { FunctionSpec, Service } from './service.ts';
import { listCode } from './stored-code.ts';

/** Digits of a digest that are shown, enough to identify an archive. */
const SHOWN_DIGITS = 12;

/** Returns the addresses of the functions for clients, one per line. */
export async function describeAddresses(
  { functions }: Pick<Service, 'functions'>,
  scf: Pick<Scf, 'listTriggers'>,
): Promise<string> {
  const lines: string[] = [];
  for (const spec of functions) lines.push(...(await listAddresses(spec, scf)));
  return lines.length === 0 ? '' : `Addresses:\n${lines.join('\n')}\n`;
}

async function listAddresses(
  { key, name, triggers }: FunctionSpec,
  scf: Pick<Scf, 'listTriggers'>,
): Promise<readonly string[]> {
  const reached = triggers.flatMap((spec) => (spec.type === 'timer' ? [] : [spec]));
  if (reached.length === 0) return [];
  const states = await scf.listTriggers(name);
  return reached.flatMap((spec) => {
    const state = findTrigger(spec, states);
    if (state === undefined) return [];
    const address = readAddress(state);
    // API Gateway's addresses include the path.
    const path = address?.endsWith(spec.path) ? '' : spec.path;
    const shown = address === undefined ? 'has no public address' : `${address}${path}`;
    return [`  ${key.padEnd(NAME_WIDTH)} ${shown}`];
  });
}

const NAME_WIDTH = 10;

/** Returns a description of what is deployed of `service`. */
export async function describeService(service: Service, { scf }: Cloud): Promise<string> {
  const lines = [`${service.name}, stage ${service.stage}, in ${service.region}`, 'Functions:'];
  const known = new Set(service.functions.map(({ name }) => name));
  for (const { key, name } of service.functions) {
    lines.push(`  ${key.padEnd(NAME_WIDTH)} ${describeState(await scf.readFunction(name))}`);
  }
  for (const { key, missing } of service.leftOut) {
    lines.push(`  ${key.padEnd(NAME_WIDTH)} left out: ${missing.join(', ')} not set`);
  }
  for (const name of await scf.listFunctions(searchTagsOf(service))) {
    if (!known.has(name)) lines.push(`  ${name}: not in serverless.yml; deploying removes it`);
  }
  return `${lines.join('\n')}\n${await describeAddresses(service, scf)}`;
}

function describeState(state: FunctionState | undefined): string {
  if (state === undefined) return 'not deployed';
  const { Status, Runtime, MemorySize, Timeout, ModTime, Description } = state;
  const code = readDigest(Description)?.slice(0, SHOWN_DIGITS) ?? 'unknown';
  return `${Status}, ${Runtime}, ${MemorySize} MB, ${Timeout} s, code ${code}, changed ${ModTime ?? 'at an unknown time'}`;
}

/** Returns the archives that `serverless rollback` can go back to. */
export async function describeStoredCode(service: Service, cloud: Cloud): Promise<string> {
  const stored = await listCode(service, cloud.bucket);
  if (stored.length === 0) return 'No code is stored: nothing is deployed.\n';
  const used = new Set(
    await Promise.all(
      service.functions.map(async ({ name }) =>
        readDigest((await cloud.scf.readFunction(name))?.Description),
      ),
    ),
  );
  const lines = stored.map(({ digest, storedAt }) => {
    const mark = used.has(digest) ? ' in use' : '';
    return `  ${storedAt} code ${digest.slice(0, SHOWN_DIGITS)}${mark}`;
  });
  return `Stored code:\n${lines.join('\n')}\n`;
}
