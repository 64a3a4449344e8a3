import type { Clock, Random } from './clock.ts';
import type { PartSlots } from './part-slots.ts';
import type { PutError } from './put-error.ts';
import type { ByteRate } from './rate-limit.ts';
import type { Patience } from './retry.ts';
import type { Transport } from './transport.ts';

/** What happens during an upload. */
export type PutEvent =
  /** The service knows the upload by this id; there is none with an account's key. */
  | { readonly type: 'permitted'; readonly uploadId: string | undefined }
  /** Bytes that an interrupted run has sent are not sent again. */
  | { readonly type: 'resumed'; readonly bytes: number }
  /** Fewer than 0 if bytes have to be sent again. */
  | { readonly type: 'sent'; readonly bytes: number }
  | { readonly type: 'retry'; readonly error: PutError }
  /** The upload goes on, but an interrupted one will begin again. */
  | { readonly type: 'state_lost'; readonly reason: string }
  /** What an interrupted run has sent cannot be used. */
  | { readonly type: 'restarted'; readonly reason: string };

/** What all uploads of a program share. */
export interface PutEnvironment {
  readonly transport: Transport;
  readonly slots: PartSlots;
  readonly rate: ByteRate;
  readonly clock: Clock;
  readonly random: Random;
  /** Address under which an emulator answers for the cloud's hosts, such as `http://localhost:3000/__vod`. */
  readonly cloudUrl: string | undefined;
  /** Milliseconds for which a request is repeated that fails for a reason that may pass. */
  readonly patience: number;
}

/** Who waits for an upload. */
export interface Listener {
  readonly onEvent: (event: PutEvent) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Returns how requests of an upload are repeated. */
export function patienceOf(environment: PutEnvironment, { onEvent, signal }: Listener): Patience {
  const { clock, random, patience: milliseconds } = environment;
  return {
    ...{ clock, random, milliseconds, signal },
    onRetry: (error) => onEvent({ type: 'retry', error }),
  };
}
