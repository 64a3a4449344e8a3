import type { ServerResponse } from 'node:http';
import { formatIsoTime } from '../../lib/validation/iso-time.ts';
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

/** Share of the calls that fail in VOD. */
const TROUBLE = 0.05;

/** Share of the modifications whose answers are lost. */
const LOST = 0.1;

type Perform = (
  application: Application,
  parameters: Readonly<Record<string, unknown>>,
) => Readonly<Record<string, unknown>> | string;

const ACTIONS: Readonly<Record<string, Perform>> = {
  DescribeMediaInfos(application, { FileIds }) {
    const ids = Array.isArray(FileIds) ? FileIds.map(String) : [];
    if (ids.some((id) => application.unaskable.has(id))) return 'InvalidParameterValue.FileIds';
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
  DescribeTasks(application, { FileId, Status, CreateTime, Limit = 10, ScrollToken = '0' }) {
    const { After = '' } = Object(CreateTime ?? {});
    // A task begins with its file, as far as the life of the file says.
    const beganAt = (task: Readonly<Record<string, unknown>>) =>
      application.media.get(String(task['FileId']))?.BasicInfo['CreateTime'] ?? '9';
    const found = [...application.tasks.values()].filter(
      ({ task }) =>
        (FileId === undefined || task['FileId'] === FileId) &&
        (Status === undefined || task['Status'] === Status) &&
        String(beganAt(task)) >= String(After),
    );
    const [from, count] = [Number(ScrollToken), Number(Limit)];
    const page = found.slice(from, from + count);
    return {
      TaskSet: page.map(({ taskType, task }) => ({
        ...{ TaskId: task['TaskId'], TaskType: taskType },
        ...{ Status: task['Status'], FileId: task['FileId'] },
      })),
      ScrollToken: from + count < found.length ? String(from + count) : '',
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
  ModifyMediaInfo(application, { FileId, SubAppId: _application, ...parameters }) {
    const fileId = String(FileId);
    const media = application.media.get(fileId);
    if (media === undefined) return 'ResourceNotFound.FileNotExist';
    if (application.unmodifiable.has(fileId)) return 'InvalidParameterValue';
    const { TagSet } = media.BasicInfo;
    const UpdateTime = formatIsoTime(Math.floor(Date.now() / 1_000));
    const changes = Object.entries(parameters).map(([name, value]) => {
      const key = `${fileId} ${name}`;
      application.modifications.set(key, (application.modifications.get(key) ?? 0) + 1);
      return SET[name]?.(value, TagSet);
    });
    const BasicInfo = Object.assign({ ...media.BasicInfo, UpdateTime }, ...changes);
    application.media.set(fileId, { ...media, BasicInfo });
    return {};
  },
};

/** Returns what each parameter sets in a media. */
const SET: Readonly<Record<string, (value: unknown, tags: unknown) => object>> = {
  ClassId: (ClassId) => ({ ClassId }),
  ExpireTime: (ExpireTime) => ({ ExpireTime }),
  AddTags: (added, tags) => ({ TagSet: [...new Set([tags, added].flat())] }),
};

/** Starts VOD's API over `world`: it checks each signature, and sometimes it fails, or its answer is lost. */
export function startVodApi(world: World, chance: Chance): Promise<VodServer> {
  return startVodServer((response, call) => {
    const expected = expectedAuthorization(call, API_KEY.secretId, API_KEY.secretKey);
    if (call.headers.authorization !== expected) refuse(response, 'AuthFailure.SignatureFailure');
    else if (chance.happens(TROUBLE)) refuse(response, 'InternalError');
    else {
      if (call.action === 'ModifyMediaInfo' && chance.happens(LOST)) response.destroy();
      answer(world, call, response);
    }
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
