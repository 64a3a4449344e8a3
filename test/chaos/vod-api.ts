import type { ServerResponse } from 'node:http';
import type { Chance } from '../support/chance.ts';
import {
  expectedAuthorization,
  refuse,
  startVodServer,
  succeed,
  type VodCall,
  type VodServer,
} from '../support/vod-server.ts';
import { type Application, OWN, type World } from './world.ts';

/** The key that calls must be signed with. */
export const API_KEY = { secretId: 'AKIDchaosexample', secretKey: 'chaos-key-example' } as const;

/** Share of the calls that VOD has a bad moment at. */
const TROUBLE = 0.05;

type Perform = (
  application: Application,
  parameters: Readonly<Record<string, unknown>>,
) => Readonly<Record<string, unknown>> | 'ResourceNotFound';

const ACTIONS: Readonly<Record<string, Perform>> = {
  DescribeMediaInfos(application, { FileIds }) {
    const ids = Array.isArray(FileIds) ? FileIds.map(String) : [];
    return {
      MediaInfoSet: ids.flatMap((id) => application.media.get(id) ?? []),
      NotExistFileIdSet: ids.filter((id) => !application.media.has(id)),
    };
  },
  DescribeTaskDetail(application, { TaskId }) {
    const found = application.tasks.get(String(TaskId));
    if (found === undefined) return 'ResourceNotFound';
    const { taskType, member, task } = found;
    return { TaskType: taskType, Status: task['Status'], [member]: task };
  },
  DescribeTasks(application, { FileId }) {
    const found = [...application.tasks.values()].filter(({ task }) => task['FileId'] === FileId);
    return {
      TaskSet: found.map(({ taskType, task }) => ({
        ...{ TaskId: task['TaskId'], TaskType: taskType, Status: task['Status'], FileId },
      })),
      ScrollToken: '',
    };
  },
  SearchMedia(application, { CreateTime, Offset = 0, Limit = 10 }) {
    const { After, Before } = Object(CreateTime);
    const found = [...application.media.values()]
      .map((media) => ({ media, time: Date.parse(String(media.BasicInfo['CreateTime'])) }))
      .filter(({ time }) => time >= Date.parse(After) && time <= Date.parse(Before))
      .sort((one, other) => one.time - other.time)
      .map(({ media }) => media);
    return {
      TotalCount: found.length,
      MediaInfoSet: found.slice(Number(Offset), Number(Offset) + Number(Limit)),
    };
  },
  DeleteMedia(application, { FileId }) {
    const fileId = String(FileId);
    if (!application.media.delete(fileId)) return 'ResourceNotFound';
    application.removals.set(fileId, (application.removals.get(fileId) ?? 0) + 1);
    return {};
  },
};

/** Starts VOD's API over `world`: it checks each signature, and now and then it fails. */
export function startVodApi(world: World, chance: Chance): Promise<VodServer> {
  return startVodServer((response, call) => {
    const expected = expectedAuthorization(call, API_KEY.secretId, API_KEY.secretKey);
    if (call.headers.authorization !== expected) refuse(response, 'AuthFailure.SignatureFailure');
    else if (chance.happens(TROUBLE)) refuse(response, 'InternalError');
    else answer(world, call, response);
  });
}

function answer(world: World, { action, parameters }: VodCall, response: ServerResponse): void {
  const { SubAppId = OWN } = parameters;
  const application = world.get(Number(SubAppId));
  const result =
    application === undefined
      ? 'InvalidParameterValue.SubAppId'
      : (ACTIONS[action]?.(application, parameters) ?? 'InvalidAction');
  if (typeof result === 'string') refuse(response, result);
  else succeed(response, result);
}
