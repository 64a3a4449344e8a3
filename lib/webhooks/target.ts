import type { Subscription } from '../model/message-type.ts';
import type { Message } from './message.ts';

/** What became of one attempt. */
export interface SendResult {
  readonly ok: boolean;
  /** HTTP status, where there was an answer. */
  readonly status?: number;
  /** What went wrong, in a word that holds nothing of the message, the address or a secret. */
  readonly error?: string;
  /** How long the consumer asks to be left alone. */
  readonly retryAfterSeconds?: number;
  /** Whether the consumer wants nothing any more. */
  readonly gone: boolean;
}

/** Somebody who is told of events, and how. */
export interface Target extends Subscription {
  /** Makes one attempt, which ends within the given number of milliseconds. */
  readonly send: (message: Message, timeLimit: number) => Promise<SendResult>;
}
