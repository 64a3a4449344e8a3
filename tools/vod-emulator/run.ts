import { rm } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import * as v from 'valibot';
import { splitList } from '../../lib/config/environment.ts';
import { createAccess } from '../local/access.ts';
import { createActivityLog } from '../local/activity.ts';
import { type Account, localAccount } from '../local/emulator/account.ts';
import { accountKeyEntries, makeAccountKeys } from '../local/emulator/account-keys.ts';
import { CLOUD_DOMAINS, openEmulator } from '../local/emulator/emulator.ts';
import { createFaults } from '../local/emulator/faults.ts';
import { createSpeedLimit } from '../local/emulator/storage/speed-limit.ts';
import { readKeyFile } from '../local/key-file.ts';
import { type Listening, listenEach, listenHere } from '../local/listen.ts';
import { answerStarting, claimState } from '../local/state-lock.ts';
import { openClock } from './clock-file.ts';
import { createControls } from './controls.ts';
import type { EmulatorSettings } from './read-settings.ts';
import { openResettable } from './resettable.ts';
import { answerRequest, type EmulatorRoutes } from './routes.ts';

/** A running emulator. */
export interface RunningEmulator {
  /** Such as `http://localhost:3001`. */
  readonly origin: string;
  readonly account: Account;
  /** Path of the certificate of the authority, if there is TLS. */
  readonly authorityFile: string | undefined;
  /** How far the clock is ahead because of earlier moves. */
  readonly aheadSeconds: number;
  /** What a user should know about the state that it found. */
  readonly notice: string | undefined;
  close(): Promise<void>;
}

/**
 * Starts an emulator.
 *
 * @throws an error with `code` `EADDRINUSE` if the port is in use, and a LocalError if the state is damaged or in use.
 */
export async function runEmulator(settings: EmulatorSettings): Promise<RunningEmulator> {
  const { state: dir, callbackUrl, eventMode, names } = settings;
  let routes: EmulatorRoutes | undefined;
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    if (routes === undefined) answerStarting(request, response);
    else void answerRequest(routes, request, response);
  };
  const { listening, authorityFile } = await listen(settings, handle);
  try {
    const origin = `http://localhost:${listening.port}`;
    const release = await claimState({
      ...{ dir, port: listening.port, address: settings.address },
      ...{ name: 'emulator', setting: '--state' },
    });
    const account = await openAccount(settings);
    const stored = await openClock(join(dir, 'clock.json'));
    const { clock } = stored;
    const activity = createActivityLog(clock.now);
    const faults = createFaults(activity);
    const speed = createSpeedLimit();
    const known = { account, origin, callbackUrl, eventMode, names, activity, faults, speed };
    const folder = join(dir, 'vod');
    const resettable = await openResettable({
      open: () => openEmulator({ ...known, clock, dir: folder }),
      hurry() {
        faults.clear();
        speed.set(null);
      },
      async empty() {
        await rm(folder, { recursive: true, force: true });
        clock.reset();
        await stored.save();
      },
    });
    const controls = createControls({
      ...{ ...known, stored, reset: resettable.reset },
      get emulator() {
        return resettable.emulator;
      },
    });
    const access = createAccess(settings.origins, '--origins');
    routes = { access, controls, use: resettable.use };
    const aheadSeconds = (clock.moves().at(-1)?.ahead ?? 0) / 1_000;
    const close = async () => {
      await listening.close();
      await resettable.close();
      await release();
    };
    const { notice } = resettable.emulator;
    return { origin, account, authorityFile, aheadSeconds, notice, close };
  } catch (error) {
    await listening.close();
    throw error;
  }
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

async function listen(
  { port, address, tls, state, origins }: EmulatorSettings,
  handle: Handle,
): Promise<{ readonly listening: Listening; readonly authorityFile: string | undefined }> {
  if (!tls) {
    return { listening: await listenHere(handle, port, address), authorityFile: undefined };
  }
  // These packages are large, and only needed here.
  const [{ openAuthority }, { createCertificates, createTlsServer }] = await Promise.all([
    import('./authority.ts'),
    import('./tls-server.ts'),
  ]);
  const named = splitList(origins).flatMap((origin) =>
    URL.canParse(origin) && /^https?:/.test(origin)
      ? [new URL(origin).hostname.replace(/^\[|\]$/g, '')]
      : [],
  );
  const authority = await openAuthority(join(state, 'tls'), [
    ...['localhost', '127.0.0.0/8', '::1/128', ...CLOUD_DOMAINS],
    ...named,
  ]);
  const names = ['localhost', '*.localhost', '127.0.0.1', '::1', ...named];
  const certificates = await createCertificates(authority, [...new Set(names)]);
  const listening = await listenEach(() => createTlsServer(handle, certificates), port, address);
  return { listening, authorityFile: authority.file };
}

/** Returns the account with the keys of the settings, or else those that were made once for this state. */
async function openAccount(settings: EmulatorSettings): Promise<Account> {
  const { state, secretId, secretKey, signKey, subAppIds } = settings;
  const file = join(state, 'keys.json');
  const keys = await readKeyFile(file, v.object(accountKeyEntries), makeAccountKeys());
  const [subAppId, ...otherSubAppIds] = subAppIds;
  return {
    ...localAccount({
      ...keys,
      secretId: secretId ?? keys.secretId,
      secretKey: secretKey ?? keys.secretKey,
      signKey: signKey ?? keys.signKey,
    }),
    ...{ appId: subAppId, subAppId, otherSubAppIds },
  };
}
