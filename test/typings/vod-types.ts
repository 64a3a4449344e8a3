/** What typings of the API say about its events and tasks. */
export interface VodTypes {
  /** The member of `EventContent` for each type of event. */
  readonly events: Readonly<Record<string, string>>;
  /** The member of `DescribeTaskDetailResponse` for each type of task. */
  readonly tasks: Readonly<Record<string, string>>;
}

const EVENT_TYPE = /(?:事件类型为|EventType 为)\s*(\w+)/;
const TASK_TYPE = /TaskType 为\s*(\w+)/;

/**
 * Returns what the text of the SDK's `vod_models.d.ts` says: the comment of each member names its type. Members that
 * are not valid any more name none, and are left out.
 *
 * @throws an error if an interface is missing, or names no type at all.
 */
export function readVodTypes(typings: string): VodTypes {
  return {
    events: readMembers(typings, 'EventContent', EVENT_TYPE),
    tasks: readMembers(typings, 'DescribeTaskDetailResponse', TASK_TYPE),
  };
}

function readMembers(typings: string, name: string, type: RegExp): Record<string, string> {
  const [, body = ''] =
    new RegExp(`^export interface ${name} \\{\\n(.*?)^\\}`, 'ms').exec(typings) ?? [];
  const members = [...body.matchAll(/\/\*\*(.*?)\*\/\s+(\w+)\?:/gs)].flatMap(
    ([, comment = '', member = '']) => {
      const [, found] = type.exec(comment) ?? [];
      return found === undefined ? [] : [[found, member] as const];
    },
  );
  if (members.length === 0) throw new Error(`The typings have no ${name} that names types`);
  return Object.fromEntries(members.sort());
}
