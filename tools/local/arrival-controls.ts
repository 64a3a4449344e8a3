import * as v from 'valibot';
import {
  ARRIVAL_TYPES,
  type Arrivals,
  type ArrivalType,
  newRecordingTaskId,
} from './emulator/arrivals.ts';
import type { Emulator } from './emulator/emulator.ts';
import { isoTimeOf } from './emulator/new-media.ts';
import type { Recording } from './emulator/recording.ts';
import type { Media } from './emulator/state.ts';

/** The parts of the stack that these controls use. */
interface ArrivalParts {
  readonly emulator: Pick<Emulator, 'arrivals' | 'now'>;
}

type ArrivalControl = (parts: ArrivalParts, body: unknown) => Promise<object>;

const MAX_SECONDS = 600;
const DEFAULT_SECONDS = 2;

const text = v.pipe(v.string(), v.nonEmpty());
const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const lasting = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_SECONDS));
const seconds = v.optional(v.pipe(lasting, v.minValue(1)), DEFAULT_SECONDS);

/** The account's own application by default. */
const subAppId = v.optional(whole);

const FILE_NAME = new RegExp(`^(.+)\\.(${ARRIVAL_TYPES.join('|')})$`);

const consoleUpload = v.strictObject({
  name: v.optional(
    v.pipe(v.string(), v.regex(FILE_NAME, `must end in one of ${ARRIVAL_TYPES.join(', ')}`)),
    'console.mp4',
  ),
  // 0 seconds is an empty file, which a user can upload, too.
  seconds: v.optional(lasting, DEFAULT_SECONDS),
  classId: v.optional(whole, 0),
  procedure: v.optional(text),
  subAppId,
});

const consolePull = v.strictObject({ mediaUrl: text, subAppId });

/** The common settings of all kinds of recordings. */
const recording = { seconds, keepSeconds: v.optional(v.pipe(whole, v.minValue(1))), subAppId };

const liveRecording = v.strictObject({
  streamId: text,
  domain: v.optional(text, 'push.example.com'),
  path: v.optional(text, 'live'),
  ...recording,
});

const trtcRecording = v.strictObject({
  roomId: text,
  sdkAppId: v.optional(whole, 1_400_000_001),
  userIds: v.optional(v.array(text), []),
  ...recording,
});

const webPageRecording = v.strictObject({ recordUrl: text, ...recording });

/** The controls that simulate uploads in the console, and recordings. The names of recordings are our guess. */
export const ARRIVAL_CONTROLS: Readonly<Record<string, ArrivalControl>> = {
  'POST /__local/console-upload': async ({ emulator }, body) => {
    const { name, classId, procedure = null, ...rest } = v.parse(consoleUpload, body);
    const [base, type] = splitName(name);
    const file = { ...rest, name: base, type, classId, procedure };
    return describe(await emulator.arrivals.uploadFromConsole(file));
  },
  'POST /__local/console-pull': async ({ emulator }, body) => {
    const { mediaUrl, subAppId: named } = v.parse(consolePull, body);
    const { taskId } = await emulator.arrivals.pullFromConsole(mediaUrl, named);
    return { taskId };
  },
  'POST /__local/live-recording': ({ emulator }, body) => {
    const { streamId, domain, path, ...rest } = v.parse(liveRecording, body);
    const end = emulator.now().getTime();
    const recordStartTime = isoTimeOf(new Date(end - rest.seconds * 1_000));
    const times = { recordStartTime, recordEndTime: isoTimeOf(new Date(end)) };
    const source = { sourceType: 'Record', domain, path, streamId, ...times } as const;
    return record(emulator.arrivals, source, `${streamId}_${recordStartTime}`, rest);
  },
  'POST /__local/trtc-recording': ({ emulator }, body) => {
    const { roomId, sdkAppId, userIds, ...rest } = v.parse(trtcRecording, body);
    const taskId = newRecordingTaskId();
    const source = { sourceType: 'TrtcRecord', sdkAppId, roomId, taskId, userIds } as const;
    return record(emulator.arrivals, source, `${sdkAppId}_${roomId}`, rest);
  },
  'POST /__local/web-page-recording': ({ emulator }, body) => {
    const { recordUrl, ...rest } = v.parse(webPageRecording, body);
    const recordTaskId = newRecordingTaskId();
    const source = { sourceType: 'WebPageRecord', recordUrl, recordTaskId } as const;
    return record(emulator.arrivals, source, recordTaskId, rest);
  },
};

interface RecordingSettings {
  readonly seconds: number;
  readonly keepSeconds?: number | undefined;
  readonly subAppId?: number | undefined;
}

async function record(
  arrivals: Arrivals,
  source: Recording,
  name: string,
  { keepSeconds, ...settings }: RecordingSettings,
): Promise<object> {
  const finished = { ...settings, recording: source, name, keepSeconds: keepSeconds ?? null };
  return describe(await arrivals.record(finished));
}

function describe({ fileId, mediaUrl }: Media): object {
  return { fileId, mediaUrl };
}

/** Returns a file's name without its ending, and the ending. */
function splitName(name: string): readonly [name: string, type: ArrivalType] {
  const [, base = '', ending = ''] = FILE_NAME.exec(name) ?? [];
  const type = ARRIVAL_TYPES.find((known) => known === ending);
  if (type === undefined) throw new RangeError(`${name} has no known ending`);
  return [base, type];
}
