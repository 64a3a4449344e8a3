import { createCredentials, type StorageGrant } from './credentials.ts';
import type { JournalRecord } from './journal-records.ts';
import type { PartSlots } from './part-slots.ts';
import { type Listener, type PutEnvironment, patienceOf } from './put-environment.ts';
import type { ByteRate } from './rate-limit.ts';
import { type Patience, withRetry } from './retry.ts';
import { createServerClock } from './server-clock.ts';
import { createStorageClient, type StorageClient } from './storage-client.ts';
import type { UploadAccess, UploadSession } from './upload-access.ts';

/** An upload that was begun. */
interface BegunUpload extends Listener {
  readonly access: UploadAccess;
  readonly session: UploadSession;
  readonly grant: StorageGrant;
  /** Writes a line of the journal. */
  readonly record: (record: JournalRecord) => Promise<void>;
}

/** What objects of an upload are sent with. */
export interface Sender {
  readonly storage: StorageClient;
  readonly slots: PartSlots;
  readonly rate: ByteRate;
  readonly patience: Patience;
  readonly signal: AbortSignal | undefined;
  /** Called with bytes that were sent, and with a negative number if they have to be sent again. */
  readonly onSent: (bytes: number) => void;
  /** Called with bytes that storage has from an earlier run. */
  readonly onKept: (bytes: number) => void;
  /** Writes a line of the journal. */
  readonly record: (record: JournalRecord) => Promise<void>;
}

/** Creates what the objects of an upload are sent with; its credentials are replaced before they expire. */
export function createSender(upload: BegunUpload, environment: PutEnvironment): Sender {
  const { access, session, record, onEvent, signal } = upload;
  const { transport, slots, rate, cloudUrl } = environment;
  const clock = createServerClock(environment.clock.now);
  const patience = patienceOf(environment, upload);
  const renew = async () => {
    const grant = await withRetry(() => access.renew(session), patience);
    await record({ type: 'renewed', grant });
    return grant;
  };
  const credentials = createCredentials(upload.grant, renew, clock);
  return {
    storage: createStorageClient(session, { transport, clock, credentials, cloudUrl, signal }),
    ...{ slots, rate, patience, signal, record },
    onKept: (bytes) => onEvent({ type: 'resumed', bytes }),
    onSent: (bytes) => onEvent({ type: 'sent', bytes }),
  };
}

/** Returns a sender that ends with `signal`. */
export function withSignal(sender: Sender, signal: AbortSignal): Sender {
  return { ...sender, signal, patience: { ...sender.patience, signal } };
}
