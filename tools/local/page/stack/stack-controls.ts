import { callJson } from './http-call.ts';
import type { Tenants } from './tenants.ts';

/** A media that the emulator has committed. */
interface LibraryEntry {
  readonly fileId: string;
  readonly name: string;
  readonly mediaUrl: string;
}

/** The parts of `/__local/info` that the page shows; it reads no keys. */
export interface StackInfo {
  /** Applications of VOD: the service's own first, then those of the tenants. */
  readonly applications: readonly number[];
  /** Absent if the service has none. */
  readonly tenants?: Tenants;
  readonly secretId: string;
  readonly regions: readonly string[];
  readonly callbackUrl: string;
  readonly media: readonly LibraryEntry[];
}

/** A fault that is switched on. */
export interface ArmedFault {
  readonly fault: string;
  readonly times: number;
  readonly value?: number;
}

/** All faults, and those that are switched on. */
export interface FaultList {
  readonly available: Readonly<Record<string, string>>;
  readonly armed: readonly ArmedFault[];
}

/** The summary of a run of the sweep. */
type SweepSummary = Readonly<Record<string, unknown>>;

/** The routes that only the local stack has. */
export interface StackControls {
  readInfo(): Promise<StackInfo>;
  listFaults(): Promise<FaultList>;
  armFault(armed: ArmedFault): Promise<void>;
  disarmFaults(): Promise<void>;
  readSpeed(): Promise<number | null>;
  setSpeed(bytesPerSecond: number | null): Promise<void>;
  /** @throws {ProblemError} if the function returned no summary. */
  runSweep(): Promise<SweepSummary>;
}

/** Returns the controls of the stack that served this page. */
export function connectControls(): StackControls {
  return {
    readInfo: () => callJson('GET', '/__local/info'),
    listFaults: () => callJson('GET', '/__local/faults'),
    armFault: (armed) => callJson('POST', '/__local/faults', armed),
    disarmFaults: () => callJson('DELETE', '/__local/faults'),
    readSpeed: () =>
      callJson<{ bytesPerSecond: number | null }>('GET', '/__local/speed').then(
        (answer) => answer.bytesPerSecond,
      ),
    setSpeed: (bytesPerSecond) => callJson('POST', '/__local/speed', { bytesPerSecond }),
    runSweep: () => callJson('POST', '/__local/sweep', {}),
  };
}
