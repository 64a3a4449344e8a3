import type { Life } from './lives.ts';

/** Returns the messages that do not name the application of the life that they are about. */
export function findMisplaced(
  messages: Iterable<string>,
  lives: readonly Partial<Life>[],
): readonly string[] {
  const applications = new Map(
    lives.flatMap(({ fileId, uploadId, taskId, subAppId }) =>
      [fileId, uploadId, taskId].map((id) => [id, subAppId] as const),
    ),
  );
  return [...messages].filter((message) => {
    const { data } = JSON.parse(message);
    const about = readIds(data)
      .map((id) => applications.get(id))
      .find((subAppId) => subAppId !== undefined);
    return about === undefined || (data.subAppId ?? data.SubAppId) !== about;
  });
}

/** Returns only ids of lives: the task of a flow is not one, and an upload without an owner has only a file. */
function readIds(data: object): readonly string[] {
  return [data, ...Object.values(data)].flatMap((part) => {
    const { uploadId, fileId, FileId, FileIdSet, TaskId } = Object(part);
    return [uploadId, fileId, FileId, FileIdSet, TaskId].flat().map(String);
  });
}
