import * as v from 'valibot';

const rules = v.array(v.string());

/** What `modify` is to set, each part by the name of ModifyMediaInfo: https://cloud.tencent.com/document/product/266/31762. */
export const modifyDetail = v.object({
  /** Names of the rules that say so; what the upload asked for itself has none. */
  rules,
  parameters: v.object({
    ExpireTime: v.exactOptional(v.string()),
    ClassId: v.exactOptional(v.number()),
    AddTags: v.exactOptional(v.array(v.string())),
  }),
  coverUrl: v.exactOptional(v.string()),
});

/** The task flow that `procedure` is to start: https://cloud.tencent.com/document/product/266/34782. */
export const procedureDetail = v.object({
  rules,
  parameters: v.object({
    ProcedureName: v.string(),
    SessionId: v.string(),
    TasksPriority: v.exactOptional(v.number()),
    TasksNotifyMode: v.exactOptional(v.string()),
    SessionContext: v.exactOptional(v.string()),
  }),
});

/** What `inspect` is to judge a file by that could not be judged when it came, and what it is to describe a good one. */
export const inspectDetail = v.object({
  limits: v.object({
    maxBytes: v.optional(v.number()),
    maxSeconds: v.optional(v.number()),
    mediaTypes: v.optional(v.array(v.string())),
  }),
  fact: v.picklist(['uploaded', 'uploadedForProcessing']),
});

/** {@link modifyDetail} as it is kept. */
export type ModifyDetail = v.InferOutput<typeof modifyDetail>;

/** {@link procedureDetail} as it is kept. */
export type ProcedureDetail = v.InferOutput<typeof procedureDetail>;

/** {@link inspectDetail} as it is kept. */
export type InspectDetail = v.InferOutput<typeof inspectDetail>;
