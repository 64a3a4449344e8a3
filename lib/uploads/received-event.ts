import type { LogFields } from '../log.ts';
import type { VodEvent } from '../vod/event.ts';
import { type OpenedContext, openEnvelope } from './envelope.ts';

/** An event with the envelope taken off its `SourceContext`. */
export interface ReceivedEvent extends OpenedContext {
  readonly event: VodEvent;
}

/**
 * Answers `event` with what its upload said on the way in.
 *
 * Only the events that end an upload carry a `SourceContext`; for the others both parts are empty.
 */
export function receiveEvent(event: VodEvent): ReceivedEvent {
  return { event, ...openEnvelope(readSourceContext(event)) };
}

/** Answers what the log line of an invocation says of an event: ids and states, and nothing that a caller wrote. */
export function describeReceivedEvent({ event, envelope }: ReceivedEvent): LogFields {
  return {
    ...describeEvent(event),
    ...(envelope === undefined
      ? {}
      : { uploadId: envelope.uploadId, owner: envelope.owner, uploadMethod: envelope.method }),
  };
}

function readSourceContext(event: VodEvent): string {
  if (event.eventType !== 'NewFileUpload' && event.eventType !== 'PullComplete') return '';
  const context: unknown = event.task.MediaBasicInfo?.SourceInfo?.SourceContext;
  return typeof context === 'string' ? context : '';
}

function describeEvent(event: VodEvent): LogFields {
  const { eventType } = event;
  switch (eventType) {
    case 'NewFileUpload':
      return {
        eventType,
        ...textField('fileId', event.task.FileId),
        ...textField('sourceType', event.task.MediaBasicInfo?.SourceInfo?.SourceType),
      };
    case 'ProcedureStateChanged':
    case 'PullComplete':
      return {
        eventType,
        taskId: event.task.TaskId,
        taskStatus: event.task.Status,
        ...textField('fileId', event.task.FileId),
        ...(typeof event.task.ErrCode === 'number' ? { taskErrCode: event.task.ErrCode } : {}),
      };
    case 'FileDeleted':
      return { eventType, fileIds: event.task.FileIdSet };
    case 'unknown':
      return {
        level: 'warn',
        eventType: event.name,
        reason: 'No event of this type and shape is known.',
      };
  }
}

/** VOD leaves a text out in three ways: no member, `null`, and the empty text. */
function textField(name: 'fileId' | 'sourceType', value: unknown): LogFields {
  return typeof value === 'string' && value !== '' ? { [name]: value } : {};
}
