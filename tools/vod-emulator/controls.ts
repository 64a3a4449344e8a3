import * as v from 'valibot';
import product from '../../package.json' with { type: 'json' };
import { type Control, type Controls, createControlHandler } from '../local/control-handler.ts';
import type { Account } from '../local/emulator/account.ts';
import { FAULTS } from '../local/emulator/faults.ts';
import { bucketOf } from '../local/emulator/ugc/dependencies.ts';
import { createEmulatorControls, type EmulatorParts } from '../local/emulator-controls.ts';
import type { StoredClock } from './clock-file.ts';

/** The parts of an emulator alone that its controls use. */
interface ControlledParts extends EmulatorParts {
  readonly account: Account;
  /** Scheme, host and port. */
  readonly origin: string;
  readonly callbackUrl: string;
  readonly eventMode: 'PUSH' | 'PULL';
  readonly stored: StoredClock;
  /** Empties the emulator. */
  reset(): Promise<void>;
}

const {
  // The consumer of webhooks belongs to the local stack.
  'consumer-error': _error,
  'consumer-slow': _slow,
  ...EMULATOR_FAULTS
} = FAULTS;

const clockRequest = v.union(
  [
    v.strictObject({ seconds: v.pipe(v.number(), v.gtValue(0, 'must be a positive number')) }),
    v.strictObject({
      to: v.pipe(v.string(), v.isoTimestamp('must be an ISO 8601 time with its zone')),
    }),
  ],
  'must be { "seconds": a positive number } or { "to": an ISO 8601 time with its zone }',
);

const CONTROLS: Readonly<Record<string, Control<ControlledParts>>> = {
  ...createEmulatorControls(EMULATOR_FAULTS),
  'GET /__local/health': ({ stored }) => ({
    ...{ status: 'ok', version: product.version, pid: process.pid, now: stored.clock.now() },
  }),
  'GET /__local/info': describeEmulator,
  'POST /__local/reset': async (parts) => {
    const media = parts.emulator.mediaCount();
    await parts.reset();
    return { removed: { media }, ...describeClock(parts) };
  },
  'GET /__local/clock': describeClock,
  'POST /__local/clock': moveClock,
};

/** Method and path of every control, except for the stream of activities. */
export const EMULATOR_CONTROLS: readonly string[] = Object.keys(CONTROLS);

/** The controls that pages of other origins need. Any method works. */
const OPEN_CONTROLS = ['/__local/health', '/__local/info'];

/** Returns whether a control is for pages of all allowed origins. */
export function isOpenControl({ pathname }: URL): boolean {
  return OPEN_CONTROLS.includes(pathname);
}

/** Returns whether a request must not wait for a reset: the reset itself, and the stream of activities. */
export function isApart({ pathname }: URL): boolean {
  return pathname === '/__local/reset' || pathname === '/__local/events';
}

/** Returns the controls of an emulator that runs alone. */
export function createControls(parts: ControlledParts): Controls {
  return createControlHandler(parts, CONTROLS);
}

function describeEmulator({ account, origin, callbackUrl, eventMode, emulator }: ControlledParts) {
  const { secretId, secretKey, signKey, subAppId, otherSubAppIds, regions } = account;
  return {
    ...{ endpoint: new URL(origin).host, secretId, secretKey, signKey, subAppId },
    applications: [subAppId, ...otherSubAppIds],
    ...{ bucket: bucketOf(account), regions, callbackUrl, callbackMode: eventMode },
    media: emulator.media(),
    mediaCount: emulator.mediaCount(),
  };
}

function describeClock({ stored: { clock } }: ControlledParts) {
  const ahead = clock.moves().at(-1)?.ahead ?? 0;
  const machine = clock.callersNow();
  return { now: new Date(machine.getTime() + ahead), machine, aheadSeconds: ahead / 1_000 };
}

/** Returns the new time, and what became due or expired by the move. */
async function moveClock(parts: ControlledParts, body: unknown) {
  const { stored, emulator } = parts;
  const { clock } = stored;
  const request = v.parse(clockRequest, body);
  const from = clock.now();
  const milliseconds =
    'seconds' in request ? request.seconds * 1_000 : Date.parse(request.to) - from.getTime();
  if (!(milliseconds > 0)) {
    throw new RangeError(
      `The clock can only be moved forward: it is ${from.toISOString()} now. Reset sets it back, and empties the emulator.`,
    );
  }
  const to = new Date(from.getTime() + milliseconds);
  // Saving removes what is over from the state, so it is counted before.
  const expired = emulator.expired(from, to);
  const due = clock.advance(milliseconds);
  await stored.save();
  await clock.settled();
  return { ...describeClock(parts), due, expired };
}
