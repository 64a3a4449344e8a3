import { isJsonObject } from '../validation/json-object.ts';

/**
 * Returns `task`, a member of an event, with what `replace` makes of the `SourceContext` of its media; as it is where it has
 * none. Events that end an upload have it in this place alone.
 *
 * @see https://cloud.tencent.com/document/product/266/31773
 */
export function replaceSourceContext(task: unknown, replace: (context: string) => string): unknown {
  if (!isJsonObject(task)) return task;
  const media = task['MediaBasicInfo'];
  const source = isJsonObject(media) ? media['SourceInfo'] : undefined;
  if (!isJsonObject(media) || !isJsonObject(source)) return task;
  const context = source['SourceContext'];
  if (typeof context !== 'string') return task;
  const SourceInfo = { ...source, SourceContext: replace(context) };
  return { ...task, MediaBasicInfo: { ...media, SourceInfo } };
}
