import * as v from 'valibot';
import type { ActivityLog } from './activity.ts';
import { ARRIVAL_CONTROLS } from './arrival-controls.ts';
import type { Control } from './control-handler.ts';
import type { Emulator } from './emulator/emulator.ts';
import type { FAULTS, FaultName, Faults } from './emulator/faults.ts';
import type { SpeedLimit } from './emulator/storage/speed-limit.ts';

/** The parts of an emulator that its controls use. */
export interface EmulatorParts {
  readonly activity: ActivityLog;
  readonly faults: Faults;
  readonly speed: SpeedLimit;
  readonly emulator: Emulator;
}

const speedRequest = v.strictObject({
  bytesPerSecond: v.nullable(v.pipe(v.number(), v.minValue(1))),
});

/**
 * Returns the controls that every emulator has: faults, speed, and media that no program uploads.
 *
 * @param available the faults that can have an effect.
 */
export function createEmulatorControls(
  available: Partial<typeof FAULTS>,
): Readonly<Record<string, Control<EmulatorParts>>> {
  const names = Object.keys(available) as [FaultName, ...FaultName[]];
  const faultRequest = v.strictObject({
    fault: v.picklist(names, `must be one of ${names.join(', ')}`),
    times: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1)), 1),
    value: v.optional(v.pipe(v.number(), v.minValue(0))),
  });
  return {
    'GET /__local/faults': ({ faults }) => ({ available, armed: faults.armed() }),
    'POST /__local/faults': ({ faults }, body) => {
      const { fault, times, value } = v.parse(faultRequest, body);
      faults.arm(fault, times, value);
      return { armed: faults.armed() };
    },
    'DELETE /__local/faults': ({ faults }) => {
      faults.clear();
      return { armed: [] };
    },
    'GET /__local/speed': ({ speed }) => ({ bytesPerSecond: speed.bytesPerSecond() }),
    'POST /__local/speed': ({ speed }, body) => {
      speed.set(v.parse(speedRequest, body).bytesPerSecond);
      return { bytesPerSecond: speed.bytesPerSecond() };
    },
    ...ARRIVAL_CONTROLS,
  };
}
