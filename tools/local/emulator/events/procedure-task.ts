import type { KnownNames } from '../known-names.ts';
import type { Media, ProcedureRun } from '../state.ts';

/** The progress of a processing flow and of its two tasks. */
interface Step {
  readonly status: 'PROCESSING' | 'FINISH';
  readonly transcode: 'PROCESSING' | 'SUCCESS';
  readonly cover: 'PROCESSING' | 'SUCCESS';
}

/** The steps of every simulated flow: both tasks begin, then one ends, then the other. */
export const PROCEDURE_STEPS: readonly Step[] = [
  { status: 'PROCESSING', transcode: 'PROCESSING', cover: 'PROCESSING' },
  { status: 'PROCESSING', transcode: 'SUCCESS', cover: 'PROCESSING' },
  { status: 'FINISH', transcode: 'SUCCESS', cover: 'SUCCESS' },
];

const SIMULATED = 'SIMULATED by the local emulator: nothing was processed';
/** The code of wrong parameters; that a flow without its procedure ends so is our guess. */
const WRONG_PARAMETERS = 40_000;
/** Invented, since no template is read. */
const SIMULATED_DEFINITION = 1;

/** The members of a result, one for each type of task; all but one stay null. */
const NO_TASKS = {
  TranscodeTask: null,
  AnimatedGraphicTask: null,
  SnapshotByTimeOffsetTask: null,
  SampleSnapshotTask: null,
  ImageSpriteTask: null,
  CoverBySnapshotTask: null,
  AdaptiveDynamicStreamingTask: null,
};

function buildTask(
  status: Step['transcode'],
  input: Readonly<Record<string, unknown>>,
  output: Readonly<Record<string, unknown>>,
  times: { readonly begin: string; readonly now: string },
): Readonly<Record<string, unknown>> {
  const done = status === 'SUCCESS';
  return {
    Status: status,
    ErrCodeExt: '',
    ErrCode: 0,
    Message: SIMULATED,
    Input: input,
    Output: done ? output : null,
    Progress: done ? 100 : 0,
    BeginProcessTime: times.begin,
    FinishTime: done ? times.now : '',
  };
}

/** The "transcoded" file is the uploaded one, so that it plays. */
function buildTranscodeOutput(media: Media): Readonly<Record<string, unknown>> {
  return {
    Bitrate: 0,
    Height: 0,
    Width: 0,
    Size: 0,
    Duration: 0,
    Container: '',
    VideoStreamSet: [],
    AudioStreamSet: [],
    Md5: '',
    ...media.metaData,
    Url: media.mediaUrl,
    Definition: SIMULATED_DEFINITION,
  };
}

/**
 * Returns `ProcedureTask` of a simulated flow at a step, the content of a `ProcedureStateChanged` event. The `Message`
 * of its results says that they are simulated; the cover is the uploaded one, or an empty URL. A flow whose procedure does
 * not exist has no results, and ends with an error. `now` is ISO 8601.
 */
export function buildProcedureTask(
  names: Pick<KnownNames, 'hasProcedure'>,
  run: ProcedureRun,
  media: Media,
  step: Step,
  now: string,
): Readonly<Record<string, unknown>> {
  const isKnown = names.hasProcedure(run.procedure);
  const hasFailed = !isKnown && step.status === 'FINISH';
  const times = { begin: run.beginTime, now };
  const input = { Definition: SIMULATED_DEFINITION };
  const position = { ...input, PositionType: 'Time', PositionValue: 0 };
  const transcode = buildTask(step.transcode, input, buildTranscodeOutput(media), times);
  const cover = buildTask(step.cover, position, { CoverUrl: media.coverUrl }, times);
  const results = [
    { Type: 'Transcode', ...NO_TASKS, TranscodeTask: transcode },
    { Type: 'CoverBySnapshot', ...NO_TASKS, CoverBySnapshotTask: cover },
  ];
  return {
    TaskId: run.taskId,
    Status: step.status,
    ErrCode: hasFailed ? WRONG_PARAMETERS : 0,
    Message: hasFailed ? `There is no procedure ${run.procedure}` : SIMULATED,
    FileId: media.fileId,
    FileName: media.name,
    FileUrl: media.mediaUrl,
    MetaData: media.metaData,
    MediaProcessResultSet: isKnown ? results : [],
    AiContentReviewResultSet: [],
    AiAnalysisResultSet: [],
    AiRecognitionResultSet: [],
    TasksPriority: run.taskPriority,
    TasksNotifyMode: run.taskNotifyMode,
    SessionContext: run.sessionContext,
    SessionId: run.sessionId,
    Operator: '',
    OperationType: '',
  };
}

/**
 * Returns results of a flow with so much recognised speech that they have `bytes` bytes, and a few more. The text is
 * invented.
 *
 * @see https://cloud.tencent.com/document/product/266/31773
 */
export function buildSpeech(bytes: number): Readonly<Record<string, unknown>> {
  const segment = (place: number) => ({
    Confidence: 90,
    StartTimeOffset: place,
    EndTimeOffset: place + 1,
    Text: `${SIMULATED}: 말한 것을 옮겨 적은 글`,
  });
  const size = Buffer.byteLength(JSON.stringify(segment(0)));
  const SegmentSet = Array.from({ length: Math.ceil(bytes / size) }, (_, place) => segment(place));
  const AsrFullTextRecognitionTask = {
    ...{ Status: 'SUCCESS', ErrCodeExt: '', ErrCode: 0, Message: SIMULATED, Progress: 100 },
    Input: { Definition: SIMULATED_DEFINITION },
    Output: { SegmentSet, SegmentSetFileUrl: '', SubtitleUrl: '' },
  };
  return {
    AiRecognitionResultSet: [{ Type: 'AsrFullTextRecognition', AsrFullTextRecognitionTask }],
  };
}
