import * as v from 'valibot';
import { PRESET_PROCEDURES } from '../known-names.ts';
import { newProcedureTaskId } from '../new-media.ts';
import { apiError } from './api-error.ts';
import { defineAction } from './define-action.ts';
import { application, claimSessionId, flow, givenText, integer } from './parameters.ts';
import type { ApiAnswer } from './services.ts';
import { demandMedia } from './stored-media.ts';
import { refuseStoragePath } from './upload-actions.ts';

/** https://cloud.tencent.com/document/product/266/34124 */
const SESSION_ID_SECONDS = 604_800;
const MAX_NAMES = 100;

/** What is the same in all templates, since none is ever read. */
const TEMPLATE: ApiAnswer = {
  Comment: 'SIMULATED by the local emulator',
  MediaProcessTask: {
    TranscodeTaskSet: [{ Definition: 1 }],
    AnimatedGraphicTaskSet: [],
    SnapshotByTimeOffsetTaskSet: [],
    SampleSnapshotTaskSet: [],
    ImageSpriteTaskSet: [],
    CoverBySnapshotTaskSet: [{ Definition: 1, PositionType: 'Time', PositionValue: 0 }],
    AdaptiveDynamicStreamingTaskSet: [],
  },
  AiContentReviewTask: null,
  AiAnalysisTask: null,
  AiRecognitionTaskSet: [],
  AiRecognitionTask: null,
  MiniProgramPublishTask: null,
  ReviewAudioVideoTask: null,
  ImportMediaKnowledgeTaskSet: [],
  CreateTime: '2019-01-01T00:00:00Z',
  UpdateTime: '2019-01-01T00:00:00Z',
};

/** https://cloud.tencent.com/document/product/266/34124 */
export const processMediaByProcedure = defineAction({
  entries: {
    ...application,
    ProcedureName: v.pipe(v.string(), v.nonEmpty('must not be empty')),
    FileId: v.optional(v.string()),
    MediaStoragePath: v.optional(v.string()),
    TasksPriority: v.optional(flow.priority, 0),
    TasksNotifyMode: v.optional(v.picklist(['', 'Finish', 'Change', 'None'])),
    SessionContext: v.optional(flow.sessionContext, ''),
    SessionId: v.optional(flow.sessionId),
    ExtInfo: v.optional(v.string()),
  },
  codes: {
    ProcedureName: 'InvalidParameterValue.ProcedureName',
    SessionContext: 'InvalidParameterValue.SessionContextTooLong',
    SessionId: 'InvalidParameterValue.SessionIdTooLong',
  },
  async perform(api, input) {
    refuseStoragePath(input.MediaStoragePath);
    const fileId = givenText(input.FileId);
    if (fileId === undefined) throw apiError('MissingParameter', 'The parameter FileId is missing');
    const media = demandMedia(api, fileId, 'InvalidParameterValue.FileId');
    const why = api.names.explainRefusal({ classId: 0, procedure: input.ProcedureName });
    if (why !== undefined) throw apiError('InvalidParameterValue.ProcedureName', why);
    claimSessionId(api, 'ProcessMediaByProcedure', input.SessionId, SESSION_ID_SECONDS);
    const taskId = newProcedureTaskId(api.account);
    api.events.recordProcedure(media, {
      taskId,
      procedure: input.ProcedureName,
      taskPriority: input.TasksPriority,
      taskNotifyMode: input.TasksNotifyMode || 'Finish',
      sessionContext: input.SessionContext,
      sessionId: input.SessionId ?? '',
    });
    await api.state.save();
    api.events.start();
    return { TaskId: taskId, ReviewAudioVideoTaskId: '', ImportMediaKnowledgeTaskIdSet: [] };
  },
});

/** https://cloud.tencent.com/document/product/266/33899 */
export const describeProcedureTemplates = defineAction({
  entries: {
    ...application,
    Names: v.optional(v.pipe(v.array(v.string()), v.maxLength(MAX_NAMES)), []),
    Type: v.optional(v.picklist(['', 'Preset', 'Custom'])),
    Offset: v.optional(v.pipe(integer, v.minValue(0)), 0),
    Limit: v.optional(v.pipe(integer, v.minValue(0), v.maxValue(100)), 10),
    SortBy: v.optional(v.unknown()),
  },
  codes: {
    Names: 'InvalidParameterValue.Names',
    Type: 'InvalidParameterValue.Type',
    Limit: 'InvalidParameterValue.Limit',
  },
  perform({ names }, { Names, Type, Offset, Limit }) {
    const presets = PRESET_PROCEDURES.map((Name) => ({ Name, Type: 'Preset', ...TEMPLATE }));
    const custom = names.customProcedures.map((Name) => ({ Name, Type: 'Custom', ...TEMPLATE }));
    const found = [...presets, ...custom].filter(
      (template) =>
        (Names.length === 0 || Names.includes(template.Name)) &&
        (givenText(Type) ?? template.Type) === template.Type,
    );
    return {
      TotalCount: found.length,
      ProcedureTemplateSet: found.slice(Offset, Offset + Limit),
    };
  },
});
