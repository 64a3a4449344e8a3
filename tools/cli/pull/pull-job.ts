import type { Failures } from '../../pull/failures.ts';
import type { LookAt } from '../../pull/look.ts';
import type { Presign } from '../../pull/presign.ts';
import type { RunService } from '../../pull/run-service.ts';
import type { Surroundings } from '../command.ts';
import type { ReadChunks } from './list-file.ts';
import type { PullOptions } from './pull-options.ts';

/** What one call of `vod-upload pull` works with. */
export interface PullJob {
  readonly options: PullOptions;
  readonly service: RunService;
  readonly readChunks: ReadChunks;
  readonly lookAt: LookAt | undefined;
  readonly presign: Presign | undefined;
  readonly failures: Failures;
  /** Aborted when the command ends. */
  readonly signal: AbortSignal;
  readonly every: number;
  readonly surroundings: Surroundings;
}
