import { setImmediate as nextTurn } from 'node:timers/promises';
import { Problem } from '../problem.ts';
import type { Deadline } from '../system.ts';
import { MAX_DESCRIBED_FILES } from '../validation/limits.ts';
import type { CallOptions } from '../vod/call.ts';
import type { VodApi } from '../vod/client.ts';
import { isUnknownToVod } from '../vod/tasks.ts';

type DescribeFiles = VodApi['describeMediaInfos'];

/** Files that VOD is about to be asked about in one call. */
interface Page {
  readonly fileIds: Set<string>;
  readonly deadlines: Deadline[];
  readonly answer: ReturnType<DescribeFiles>;
}

/**
 * Returns a form of DescribeMediaInfos that joins questions about single files of one application that are asked at the
 * same time, or while such a call waits for its turn, into calls about up to 20 files. Each gets the answer about all of
 * them. If that call is refused, or its answer cannot be read, each is asked alone, since one file may be the reason.
 *
 * `describe` reads the ids of a request when it sends it, since more may be added until then.
 *
 * All questions must have the same filters.
 */
export function joinFiles(describe: DescribeFiles): DescribeFiles {
  const open = new Map<number | undefined, Page>();
  const openPage = (subAppId: number | undefined, filters: readonly string[] = []) => {
    const fileIds = new Set<string>();
    const deadlines: Deadline[] = [];
    const deadline = { left: () => Math.min(...deadlines.map((each) => each.left())) };
    const close = () => {
      if (open.get(subAppId) === page) open.delete(subAppId);
    };
    const request = {
      // The call may have to wait for its turn, and others can join until it is sent.
      get FileIds() {
        close();
        return [...fileIds];
      },
      Filters: [...filters],
    };
    const send = async () => {
      await nextTurn();
      return describe(request, { subAppId, deadline }).finally(close);
    };
    const page: Page = { fileIds, deadlines, answer: send() };
    open.set(subAppId, page);
    return page;
  };
  const join = (fileId: string, filters: readonly string[] | undefined, options: CallOptions) => {
    const last = open.get(options.subAppId);
    const hasRoom = last !== undefined && last.fileIds.size < MAX_DESCRIBED_FILES;
    const page = hasRoom ? last : openPage(options.subAppId, filters);
    page.fileIds.add(fileId);
    if (options.deadline !== undefined) page.deadlines.push(options.deadline);
    return page;
  };
  return async (request, options = {}) => {
    const [fileId, ...others] = request.FileIds ?? [];
    if (fileId === undefined || others.length > 0) return describe(request, options);
    const { answer, fileIds } = join(fileId, request.Filters, options);
    try {
      return await answer;
    } catch (error) {
      const isOfAll = error instanceof Problem && !isUnknownToVod(error);
      if (fileIds.size === 1 || isOfAll) throw error;
      return describe(request, options);
    }
  };
}
