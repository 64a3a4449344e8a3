import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { isJsonObject } from '../../../lib/validation/json-object.ts';
import { explainSecret } from '../../../lib/webhooks/message.ts';
import { CommandError, type Surroundings } from '../command.ts';

/** What is remembered about a folder: outside of it, so that nothing secret is committed with it. */
interface FolderState {
  /** Signs what is forwarded from this folder. */
  readonly secret?: string;
  /** Where each feed was left. */
  readonly cursors?: Readonly<Record<string, string>>;
}

/** Bytes of a secret; Standard Webhooks asks for 24 to 64. */
const SECRET_BYTES = 32;

/** Returns the file with what is remembered: https://specifications.freedesktop.org/basedir-spec/latest/. */
function placeOf({ environment, folder }: Pick<Surroundings, 'environment' | 'folder'>): string {
  const root = environment['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  const name = createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 16);
  return join(root, 'vod-upload', `${name}.json`);
}

/**
 * Returns the secret that signs what is forwarded: that of the option, or else one that this folder keeps.
 *
 * @throws {CommandError} if the option is wrong, or the folder's cannot be stored.
 */
export async function readSecret(
  given: string | undefined,
  surroundings: Pick<Surroundings, 'environment' | 'folder'>,
): Promise<string> {
  if (given !== undefined) {
    const message = explainSecret(given);
    if (message !== undefined) throw new CommandError(`--secret ${message}.`);
    return given;
  }
  const place = placeOf(surroundings);
  const state = await readState(place);
  if (state.secret !== undefined && explainSecret(state.secret) === undefined) return state.secret;
  const secret = `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`;
  await writeState(place, { ...state, secret });
  return secret;
}

/** Returns where a feed was left in this folder; undefined if it never was. */
export async function readPlace(
  feed: string,
  surroundings: Pick<Surroundings, 'environment' | 'folder'>,
): Promise<string | undefined> {
  return (await readState(placeOf(surroundings))).cursors?.[feed];
}

/** Remembers where a feed was left. @throws {CommandError} */
export async function keepPlace(
  feed: string,
  cursor: string,
  surroundings: Pick<Surroundings, 'environment' | 'folder'>,
): Promise<void> {
  const place = placeOf(surroundings);
  const state = await readState(place);
  await writeState(place, { ...state, cursors: { ...state.cursors, [feed]: cursor } });
}

/** A file that is damaged counts as missing. */
async function readState(place: string): Promise<FolderState> {
  try {
    const kept: unknown = JSON.parse(await readFile(place, 'utf8'));
    if (!isJsonObject(kept)) return {};
    const { secret, cursors } = kept;
    const entries = Object.entries(isJsonObject(cursors) ? cursors : {});
    const places = entries.flatMap(([feed, cursor]) =>
      typeof cursor === 'string' ? [[feed, cursor] as const] : [],
    );
    return {
      ...(typeof secret === 'string' ? { secret } : {}),
      cursors: Object.fromEntries(places),
    };
  } catch {
    return {};
  }
}

async function writeState(place: string, state: FolderState): Promise<void> {
  const part = `${place}.${process.pid}`;
  try {
    await mkdir(dirname(place), { recursive: true, mode: 0o700 });
    await writeFile(part, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
    await rename(part, place);
  } catch (cause) {
    const text = `${dirname(place)} cannot be written: make it writable, or set XDG_STATE_HOME to another folder.`;
    throw new CommandError(text, { cause });
  }
}
