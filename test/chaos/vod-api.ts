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
import type { World } from './world.ts';

/** The key that calls must be signed with. */
export const API_KEY = { secretId: 'AKIDchaosexample', secretKey: 'chaos-key-example' } as const;

/** Share of the calls that VOD has a bad moment at. */
const TROUBLE = 0.05;

type Perform = (
  world: World,
  parameters: Readonly<Record<string, unknown>>,
) => Readonly<Record<string, unknown>> | 'ResourceNotFound';

const ACTIONS: Readonly<Record<string, Perform>> = {
  DescribeMediaInfos(world, { FileIds }) {
    const ids = Array.isArray(FileIds) ? FileIds.map(String) : [];
    return {
      MediaInfoSet: ids.flatMap((id) => world.media.get(id) ?? []),
      NotExistFileIdSet: ids.filter((id) => !world.media.has(id)),
    };
  },
  DescribeTaskDetail(world, { TaskId }) {
    const found = world.tasks.get(String(TaskId));
    if (found === undefined) return 'ResourceNotFound';
    const { taskType, member, task } = found;
    return { TaskType: taskType, Status: task['Status'], [member]: task };
  },
  DescribeTasks(world, { FileId }) {
    const found = [...world.tasks.values()].filter(({ task }) => task['FileId'] === FileId);
    return {
      TaskSet: found.map(({ taskType, task }) => ({
        ...{ TaskId: task['TaskId'], TaskType: taskType, Status: task['Status'], FileId },
      })),
      ScrollToken: '',
    };
  },
  SearchMedia(world, { CreateTime, Offset = 0, Limit = 10 }) {
    const { After, Before } = Object(CreateTime);
    const found = [...world.media.values()]
      .map((media) => ({ media, time: Date.parse(String(media.BasicInfo['CreateTime'])) }))
      .filter(({ time }) => time >= Date.parse(After) && time <= Date.parse(Before))
      .sort((one, other) => one.time - other.time)
      .map(({ media }) => media);
    return {
      TotalCount: found.length,
      MediaInfoSet: found.slice(Number(Offset), Number(Offset) + Number(Limit)),
    };
  },
  DeleteMedia(world, { FileId }) {
    const fileId = String(FileId);
    if (!world.media.delete(fileId)) return 'ResourceNotFound';
    world.removals.set(fileId, (world.removals.get(fileId) ?? 0) + 1);
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
  const result = ACTIONS[action]?.(world, parameters) ?? 'InvalidAction';
  if (typeof result === 'string') refuse(response, result);
  else succeed(response, result);
}
