import { afterEach } from 'vitest';
import { confirmEvent } from '../../../lib/ingest/confirm-event.ts';
import type { VodApi } from '../../../lib/vod/client.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { connectVod } from '../../support/connect-vod.ts';
import {
  type AnswerVodCall,
  refuse,
  startVodServer,
  succeed,
  type VodCall,
  type VodServer,
} from '../../support/vod-server.ts';

/** What an event comes to that VOD denies. */
export const DENIED = { kind: 'failed', error: 'denied' };
/** VOD's answer about the file `1`. */
export const MEDIA = { MediaInfoSet: [{ FileId: '1', BasicInfo: { Name: 'a' }, MetaData: null }] };

/** Returns what the event of this body comes to. */
export const confirm = (body: RawEvent, api: VodApi) => confirmEvent(parseVodEvent(body), api, {});

/** Returns what an event comes to that VOD confirms, and describes like this. */
export const confirmed = (body: RawEvent) => ({
  ...{ kind: 'done', confirmed: true },
  event: parseVodEvent(body),
});

export function upload(FileId: string, fields: object = {}): RawEvent {
  return { EventType: 'NewFileUpload', FileUploadEvent: { FileId, ...fields } };
}

export function deletion(FileIdSet: readonly string[], results: unknown = []): RawEvent {
  return {
    EventType: 'FileDeleted',
    FileDeleteEvent: { FileIdSet, FileDeleteResultInfo: results },
  };
}

export function procedure(fields: object): RawEvent {
  const task = { TaskId: 'proc-1', Status: 'FINISH', FileId: '1', ...fields };
  return { EventType: 'ProcedureStateChanged', ProcedureStateChangeEvent: task };
}

/** Gives the tests of the file a VOD whose answers they choose; it is closed after each. */
export function useVodAnswers() {
  let server: VodServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });
  const serving = async (answer: AnswerVodCall) => {
    server = await startVodServer(answer);
    return connectVod(server.endpoint);
  };
  return {
    serving,
    /** Answers each action with these fields, or refuses it with this code. */
    answering: (answers: Readonly<Record<string, object | string>>) =>
      serving((response, { action }) => {
        const answer = answers[action] ?? {};
        if (typeof answer === 'string') refuse(response, answer);
        else succeed(response, answer);
      }),
    /** Returns the actions that were called, with their parameters. */
    calls: () => server?.calls.map(({ action, parameters }: VodCall) => [action, parameters]),
  };
}
