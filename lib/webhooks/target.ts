import type { Subscription } from '../model/message-type.ts';
import type { Message } from './message.ts';

/** Result of one attempt. */
export interface SendResult {
  readonly ok: boolean;
  /** HTTP status, if there was an answer. */
  readonly status?: number;
  /** What went wrong, as one word without parts of the message, the address or a secret. */
  readonly error?: string;
  /** Seconds that the consumer asks to wait. */
  readonly retryAfterSeconds?: number;
  /** Whether the consumer wants no more messages. */
  readonly gone: boolean;
}

/** A target, and how messages are sent to it. */
export interface Target extends Subscription {
  /** Makes one attempt, which ends within the given number of milliseconds. */
  readonly send: (message: Message, timeLimit: number) => Promise<SendResult>;
}
