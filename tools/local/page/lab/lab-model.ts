import { type ReadonlySignal, signal } from '@preact/signals';
import type { Recorded } from '../stack/recorded.ts';
import type { ArmedFault, FaultList, StackControls } from '../stack/stack-controls.ts';

/** The controls that only the local stack has: faults, speed and the timer. */
export interface LabModel {
  /** Undefined until the stack has listed them. */
  readonly faults: ReadonlySignal<FaultList | undefined>;
  readonly faultProblem: ReadonlySignal<string>;
  arm(fault: ArmedFault): void;
  disarmAll(): void;
  /** Bytes per second; null for no limit. */
  readonly speed: ReadonlySignal<number | null>;
  setSpeed(bytesPerSecond: number | null): void;
  readonly isSweeping: ReadonlySignal<boolean>;
  /** The last run, started by the timer or by hand. */
  readonly lastSweep: ReadonlySignal<Recorded<'sweep'> | undefined>;
  /** Why no run could be started. */
  readonly sweepProblem: ReadonlySignal<string>;
  sweep(): Promise<void>;
  takeSweep(run: Recorded<'sweep'>): void;
  /** Asks the stack again, for example after a fault has taken effect. */
  refresh(): void;
}

/** Returns the controls before their states are known. */
export function createLabModel(stack: StackControls): LabModel {
  return { ...createFaults(stack), ...createSweep(stack) };
}

function createFaults(stack: StackControls) {
  const faults = signal<FaultList>();
  const faultProblem = signal('');
  const speed = signal<number | null>(null);

  async function change(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
      faults.value = await stack.listFaults();
      faultProblem.value = '';
    } catch (error) {
      faultProblem.value = error instanceof Error ? error.message : String(error);
    }
  }
  async function readSpeed(): Promise<void> {
    try {
      speed.value = await stack.readSpeed();
    } catch {
      // The banner reports that the stack is not available.
    }
  }
  return {
    faults,
    faultProblem,
    speed,
    arm: (fault: ArmedFault) => void change(() => stack.armFault(fault)),
    disarmAll: () => void change(stack.disarmFaults),
    setSpeed: (limit: number | null) => void stack.setSpeed(limit).then(readSpeed, readSpeed),
    refresh() {
      void change(async () => undefined);
      void readSpeed();
    },
  };
}

function createSweep(stack: StackControls) {
  const isSweeping = signal(false);
  const lastSweep = signal<Recorded<'sweep'>>();
  const sweepProblem = signal('');
  return {
    isSweeping,
    lastSweep,
    sweepProblem,
    async sweep() {
      if (isSweeping.peek()) return;
      isSweeping.value = true;
      sweepProblem.value = '';
      try {
        await stack.runSweep();
      } catch (error) {
        sweepProblem.value = error instanceof Error ? error.message : String(error);
      }
      isSweeping.value = false;
    },
    takeSweep(run: Recorded<'sweep'>) {
      lastSweep.value = run;
    },
  };
}
