import { defined } from '../../../lib/validation/json-object.ts';
import type { ActivityLog } from '../activity.ts';

/** Faults that can be switched on, with their effects. */
export const FAULTS = {
  'expired-signature': 'The next upload signature is judged as if its life were over',
  'reused-signature': 'The next one-time signature is judged as if another upload had used it',
  'apply-unavailable': 'ApplyUploadUGC answers 503',
  'lost-commit-answer': 'CommitUploadUGC is done, and the connection closes before its answer',
  'short-credentials': 'The next storage credentials live `value` seconds (default 20)',
  'failed-part': 'A part is refused with 503',
  'dropped-connection': 'The connection closes in the middle of a part',
  'lost-callback': 'An event notification is never sent',
  'flaky-callback':
    'An event notification is lost by dice that fall alike in every run: with the probability `value` (default 0.5)',
  'delayed-callback': 'An event notification waits `value` milliseconds (default 3000)',
  'duplicate-callback': 'An event notification is sent twice',
  'wrong-sign': 'An event notification carries a wrong Sign',
  'expired-t': 'An event notification carries a T in the past',
  'api-down': 'The connection of an API request is closed before anything is read',
  'request-limit-exceeded': 'An API request is refused with RequestLimitExceeded',
  'internal-error': 'An API request is refused with InternalError',
  'api-timeout': 'An API request is never answered, and nothing is done',
  'lost-api-answer': 'An API request is done, and the connection closes before its answer',
  'long-result':
    'A simulated flow that ends has recognised speech, which makes its task `value` bytes long (default 1000000)',
  'slow-source': 'The source of a pull waits `value` milliseconds with its file (default 3000)',
  'consumer-error': 'The consumer answers a webhook with 500',
  'consumer-slow': 'The consumer waits `value` milliseconds with its answer (default 20000)',
} as const;

/** Name of a fault, the same in `POST /__local/faults` and on the page. */
export type FaultName = keyof typeof FAULTS;

/** A fault that is switched on. */
interface ArmedFault {
  readonly fault: FaultName;
  /** How many more times it takes effect. */
  readonly times: number;
  readonly value?: number;
}

/** The switches of the faults. */
export interface Faults {
  arm(fault: FaultName, times?: number, value?: number): void;
  /** Uses `fault` once; returns it, or undefined if it is off. */
  take(fault: FaultName): ArmedFault | undefined;
  armed(): readonly ArmedFault[];
  clear(): void;
}

/** Returns switches that are all off; every use is reported to `activity`. */
export function createFaults(activity: ActivityLog): Faults {
  const armed = new Map<FaultName, ArmedFault>();
  return {
    arm(fault, times = 1, value) {
      armed.set(fault, { fault, times, ...defined({ value }) });
    },
    take(fault) {
      const found = armed.get(fault);
      if (found === undefined) return undefined;
      if (found.times > 1) armed.set(fault, { ...found, times: found.times - 1 });
      else armed.delete(fault);
      activity.report({ type: 'fault', fault, remaining: found.times - 1 });
      return found;
    },
    armed: () => [...armed.values()],
    clear: () => armed.clear(),
  };
}
