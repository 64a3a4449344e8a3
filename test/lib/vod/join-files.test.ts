import { EventEmitter, once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Problem } from '../../../lib/problem.ts';
import type { VodApi } from '../../../lib/vod/client.ts';
import { joinFiles } from '../../../lib/vod/media.ts';

type Describe = VodApi['describeMediaInfos'];
type Call = Parameters<Describe>;

const FILTERS = ['basicInfo', 'metaData'];
const ask = (fileId: string) => ({ FileIds: [fileId], Filters: FILTERS });

/** A VOD that has every file, except that it refuses those calls in which `refuses` finds a reason. */
function startVod(refuses: (fileIds: readonly string[]) => Error | undefined = () => undefined) {
  const calls: Call[] = [];
  const joined = joinFiles(async (request, options = {}) => {
    calls.push([request, options]);
    const refusal = refuses(request.FileIds ?? []);
    if (refusal !== undefined) throw refusal;
    return { MediaInfoSet: (request.FileIds ?? []).map((FileId) => ({ FileId })) };
  });
  return { calls, joined, files: () => calls.map(([{ FileIds }]) => FileIds) };
}

const until = (left: number) => ({ deadline: { left: () => left } });
const ids = (count: number) => Array.from({ length: count }, (_, i) => `f${i}`);

describe('joinFiles()', () => {
  it('asks about the files of the same time in calls of twenty, and gives each the whole answer', async () => {
    const { joined, calls, files } = startVod();

    const answers = await Promise.all(
      ids(45).map((fileId) => joined(ask(fileId), { subAppId: 7 })),
    );

    expect(files()).toEqual([ids(20), ids(40).slice(20), ids(45).slice(40)]);
    expect(calls[0]?.[0].Filters).toEqual(FILTERS);
    expect(calls.map(([, options]) => options?.subAppId)).toEqual([7, 7, 7]);
    expect(answers[3]?.MediaInfoSet).toHaveLength(20);
    expect(answers[44]?.MediaInfoSet?.map(({ FileId }) => FileId)).toEqual(ids(45).slice(40));
  });

  it('adds the files that come while a call waits for its turn, up to twenty, and none once it is sent', async () => {
    const vod = new EventEmitter();
    const sent: (readonly string[])[] = [];
    const joined = joinFiles(async (request) => {
      await once(vod, 'turn');
      const { FileIds: fileIds = [] } = request;
      sent.push(fileIds);
      await once(vod, 'answer');
      return { MediaInfoSet: fileIds.map((FileId) => ({ FileId })) };
    });

    const first = joined(ask('f0'));
    await nextTurn();
    const others = ids(25)
      .slice(1)
      .map((fileId) => joined(ask(fileId)));
    await nextTurn();
    vod.emit('turn');
    await nextTurn();
    const late = joined(ask('late'));
    await nextTurn();
    vod.emit('answer');
    vod.emit('turn');
    await nextTurn();
    vod.emit('answer');
    await Promise.all([first, late, ...others]);

    expect(sent).toEqual([ids(20), ids(25).slice(20), ['late']]);
    expect((await first).MediaInfoSet).toHaveLength(20);
  });

  it('asks again about a file that comes after a call was refused before it was sent', async () => {
    const busy = new Problem('No turn.', { code: 'upstream_busy' });
    let hasTurns = false;
    const joined = joinFiles(async (request) => {
      if (!hasTurns) throw busy;
      return { MediaInfoSet: (request.FileIds ?? []).map((FileId) => ({ FileId })) };
    });

    await expect(joined(ask('a'))).rejects.toBe(busy);
    hasTurns = true;

    expect(await joined(ask('b'))).toEqual({ MediaInfoSet: [{ FileId: 'b' }] });
  });

  it('asks about the same file once', async () => {
    const { joined, files } = startVod();

    await Promise.all([joined(ask('a')), joined(ask('a'))]);

    expect(files()).toEqual([['a']]);
  });

  it('asks each application by itself, and at another time again', async () => {
    const { joined, files, calls } = startVod();

    await Promise.all([joined(ask('a'), { subAppId: 1 }), joined(ask('b'), { subAppId: 2 })]);
    await joined(ask('c'), { subAppId: 1 });

    expect(files()).toEqual([['a'], ['b'], ['c']]);
    expect(calls.map(([, options]) => options?.subAppId)).toEqual([1, 2, 1]);
  });

  it('has the shortest of the deadlines of those that it joins', async () => {
    const { joined, calls } = startVod();

    await Promise.all([joined(ask('a'), until(900)), joined(ask('b'), until(401))]);
    await joined(ask('c'));

    const left = calls.map(([, options]) => options?.deadline?.left());
    expect(left).toEqual([401, Number.POSITIVE_INFINITY]);
  });

  it('lets nobody wait less by half a second than alone', async () => {
    const { joined, calls, files } = startVod();

    await Promise.all([
      joined(ask('long'), until(5_000)),
      joined(ask('short'), until(300)),
      joined(ask('none')),
      joined(ask('long, too'), until(4_600)),
      joined(ask('short, too'), until(700)),
      joined(ask('between'), until(2_000)),
      joined(ask('none, too')),
      joined(ask('shorter'), until(4_499)),
    ]);

    expect(files()).toEqual([
      ['long', 'long, too'],
      ['short', 'short, too'],
      ['none', 'none, too'],
      ['between'],
      ['shorter'],
    ]);
    const left = calls.map(([, options]) => options?.deadline?.left());
    expect(left).toEqual([4_600, 300, Number.POSITIVE_INFINITY, 2_000, 4_499]);
  });

  it('passes a question about several files, or about none, on as it is', async () => {
    const { joined, calls } = startVod();

    await Promise.all([joined({ FileIds: ['a', 'b'] }, { subAppId: 3 }), joined({ FileIds: [] })]);

    expect(calls).toEqual([
      [{ FileIds: ['a', 'b'] }, { subAppId: 3 }],
      [{ FileIds: [] }, {}],
    ]);
  });

  it.each([
    ['VOD refuses them', new Problem('It is invalid.', { code: 'upstream_rejected' })],
    ['the answer cannot be read', new TypeError('It is not iterable.')],
  ])('asks about each file alone if %s together', async (_, refused) => {
    const { joined, files } = startVod((each) => (each.includes('bad') ? refused : undefined));

    const answers = await Promise.allSettled([joined(ask('a')), joined(ask('bad'))]);

    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(files()).toEqual([['a', 'bad'], ['a'], ['bad']]);
  });

  it.each([
    ['refuses the only file', ['bad'], 'upstream_rejected'],
    ['is busy', ['bad', 'b'], 'upstream_busy'],
  ] as const)('does not ask again if VOD %s', async (_, fileIds, code) => {
    const refused = new Problem('No.', { code });
    const { joined, calls } = startVod(() => refused);

    const answers = await Promise.allSettled(fileIds.map((fileId) => joined(ask(fileId))));

    expect(answers).toEqual(fileIds.map(() => ({ status: 'rejected', reason: refused })));
    expect(calls).toHaveLength(1);
  });
});
