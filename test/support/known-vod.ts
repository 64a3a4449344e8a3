import {
  type AnswerVodCall,
  refuse,
  startVodServer,
  succeed,
  type VodServer,
} from './vod-server.ts';

/** What VOD's API would be to somebody who asks it about media and tasks. */
export interface KnownVod extends VodServer {
  /** `MediaInfo` of each media that there is, by its id. */
  readonly media: Map<string, object>;
  /** What DescribeTaskDetail answers, by the id of the task. */
  readonly tasks: Map<string, object>;
  /** Code with which every call is refused from now on; none where it is empty. */
  refuseAll(code: string): void;
}

/** Starts a VOD that knows of nothing yet. */
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
