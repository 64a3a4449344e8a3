import {
  type AnswerVodCall,
  refuse,
  startVodServer,
  succeed,
  type VodServer,
} from './vod-server.ts';

/** A stand-in for VOD's API that knows media and tasks. */
export interface KnownVod extends VodServer {
  /** `MediaInfo` of each existing media, by its id. */
  readonly media: Map<string, object>;
  /** The answers of DescribeTaskDetail, by the id of the task. */
  readonly tasks: Map<string, object>;
  /** From now on refuses every call with this code; an empty code ends that. */
  refuseAll(code: string): void;
}

/** Starts a VOD that has no media and no tasks yet. */
export async function startKnownVod(): Promise<KnownVod> {
  const media = new Map<string, object>();
  const tasks = new Map<string, object>();
  let refusal = '';
  const answers: Readonly<Record<string, AnswerVodCall>> = {
    DescribeMediaInfos(response, { parameters }) {
      const asked = Array.isArray(parameters['FileIds']) ? parameters['FileIds'].map(String) : [];
      succeed(response, {
        MediaInfoSet: asked.flatMap((fileId) => media.get(fileId) ?? []),
        NotExistFileIdSet: asked.filter((fileId) => !media.has(fileId)),
      });
    },
    DescribeTaskDetail(response, { parameters }) {
      const task = tasks.get(String(parameters['TaskId']));
      if (task === undefined) refuse(response, 'ResourceNotFound');
      else succeed(response, task);
    },
  };
  const server = await startVodServer((response, call) => {
    if (refusal !== '') refuse(response, refusal);
    else if (call.action in answers) answers[call.action]?.(response, call);
    else succeed(response, { TaskSet: [] });
  });
  return {
    ...server,
    media,
    tasks,
    refuseAll(code) {
      refusal = code;
    },
  };
}
