import type { EventRecord } from '../ledger/event-record.ts';
import type { UploadChange } from '../ledger/upload-change.ts';
import { nameVodEvent } from '../model/event-type.ts';
import type { Settings } from '../policy/settings.ts';
import type { VodEvent } from '../vod/event.ts';
import { readId } from '../vod/vod-value.ts';
import { applyLimitsAndRules } from './apply-limits-and-rules.ts';
import { type Origin, type ReceivedEvent, writeReceivedEvent } from './received-event.ts';
import { findUploadId, listUploadChanges } from './upload-changes.ts';

/** How an event came. */
export interface Reception extends Origin {
  /** Unix milliseconds. */
  readonly receivedAt: number;
  /** Whether VOD has said it itself; what it has not, changes no upload, but where {@link isAbsent} is set. */
  readonly confirmed: boolean;
  /** Set for the arrival of a file of which VOD says that it is not there: its upload had it, and nothing is done to it. */
  readonly isAbsent?: true;
  /** What new media may be, and what is set of them. */
  readonly settings: Pick<Settings, 'policy' | 'rules'>;
  /** Whether nobody can look at a file again: what VOD has read of it by now has to do. */
  readonly isOnlyLook?: boolean;
}

/** Returns `received` as the ledger keeps it, with what it describes uploads, and what that leads to. */
export function toEventRecord(received: ReceivedEvent, reception: Reception): EventRecord {
  const { eventId, event } = received;
  const { subAppId, own, receivedAt, confirmed, isAbsent } = reception;
  const told = confirmed || isAbsent ? listUploadChanges(received) : [];
  const ofTenant = subAppId === own ? {} : ({ ofTenant: true } as const);
  const changes =
    subAppId === undefined
      ? told
      : told.map((change) => ({
          ...change,
          ...ofTenant,
          fields: { ...change.fields, subAppId },
        }));
  return {
    eventId,
    subAppId,
    eventType: nameVodEvent(event.eventType === 'unknown' ? event.name : event.eventType),
    uploadId: confirmed || isAbsent ? findUploadId(received) : undefined,
    ...readSubject(event),
    payload: writeReceivedEvent(received),
    confirmed,
    ...(confirmed
      ? applyLimitsAndRules(received, changes, reception)
      : { changes: changes.map(withhold), actions: [] }),
    receivedAt,
  };
}

/** A file that is gone is none that anybody could use. */
function withhold(change: UploadChange): UploadChange {
  return { ...change, fact: 'uploadedForProcessing' };
}

/** Returns the one file and the one task that an event is about, as far as it says. */
function readSubject(event: VodEvent): Pick<EventRecord, 'fileId' | 'taskId'> {
  if (event.eventType === 'unknown') return {};
  if (event.eventType === 'FileDeleted') {
    const [fileId, ...others] = event.task.FileIdSet;
    return others.length === 0 ? { fileId: readId(fileId) } : {};
  }
  const fields = new Map<string, unknown>(Object.entries(event.task));
  return { fileId: readId(fields.get('FileId')), taskId: readId(fields.get('TaskId')) };
}
