import { callJson } from './http-call.ts';
import type { Tenants } from './tenants.ts';

/** What the emulator has committed. */
interface LibraryEntry {
  readonly fileId: string;
  readonly name: string;
  readonly mediaUrl: string;
}

/** The parts of `/__local/info` that the page shows; it reads no key. */
export interface StackInfo {
  /** Of VOD; the service's own first, then those of the tenants. */
  readonly applications: readonly number[];
  /** Absent where the service has none. */
  readonly tenants?: Tenants;
  readonly secretId: string;
  readonly regions: readonly string[];
  readonly callbackUrl: string;
  readonly media: readonly LibraryEntry[];
}

/** A fault that waits for its moment. */
export interface ArmedFault {
  readonly fault: string;
  readonly times: number;
  readonly value?: number;
}

/** Faults there are, and those that are armed. */
export interface FaultList {
  readonly available: Readonly<Record<string, string>>;
  readonly armed: readonly ArmedFault[];
}

/** What a run of the sweep tells. */
type SweepSummary = Readonly<Record<string, unknown>>;

/** The routes of the stack that exist on one machine only. */
export interface StackControls {
  readInfo(): Promise<StackInfo>;
  listFaults(): Promise<FaultList>;
  armFault(armed: ArmedFault): Promise<void>;
  disarmFaults(): Promise<void>;
  readSpeed(): Promise<number | null>;
  setSpeed(bytesPerSecond: number | null): Promise<void>;
  /** @throws {ProblemError} Where the function gave no summary. */
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
