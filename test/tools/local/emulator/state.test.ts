import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openState, type UploadSession } from '../../../../tools/local/emulator/state.ts';
import { makeFolder } from '../../../support/make-folder.ts';

const NOW = 1_700_000_000;
const DAY = 86_400;

let dir: string;
let file: string;
let nowSeconds: number;
const now = () => new Date(nowSeconds * 1_000);

beforeEach(async () => {
  dir = await makeFolder();
  file = join(dir, 'deep', 'state.json');
  nowSeconds = NOW;
});

function buildSession(vodSessionKey: string, expiresAt: number): UploadSession {
  return {
    vodSessionKey,
    fileId: '5285890784273533167',
    storageRegion: 'ap-seoul',
    expiresAt,
    committedAt: null,
    video: { id: '1', path: '/b/1/a.mp4', name: 'a', type: 'mp4', size: 3 },
    cover: null,
    mediaExpireTime: null,
    classId: 0,
    procedure: null,
    taskPriority: 0,
    taskNotifyMode: 'Finish',
    sourceContext: '한글',
    sessionContext: null,
  };
}

function buildGrant(secretId: string, expiresAt: number) {
  const fixed = { secretKey: 'k', token: 't', bucket: 'b-1', region: 'r', prefix: 'b/1/' };
  return { secretId, expiresAt, ...fixed };
}

describe('openState()', () => {
  it('begins empty and creates its directory', async () => {
    const state = await openState(file, now);

    expect(state.sessions.size + state.media.size + state.notifications.size).toBe(0);
    expect(await readdir(join(dir, 'deep'))).toEqual([]);
  });

  it('returns what was saved, in order', async () => {
    const state = await openState(file, now);
    state.sessions.set('s', buildSession('s', NOW + DAY));
    state.grants.set('g', buildGrant('g', NOW + 1));
    const used = { digest: 'd', vodSessionKey: 's', request: 'r', expiresAt: NOW };
    state.usedSignatures.set('d', used);
    for (const id of ['z', 'a', 'm']) {
      state.notifications.set(id, { id, eventType: 'E', fileId: 'f', event: { n: [1, null] } });
    }
    await state.save();

    const again = await openState(file, now);

    expect(again.sessions).toEqual(state.sessions);
    expect(again.grants).toEqual(state.grants);
    expect(again.usedSignatures).toEqual(state.usedSignatures);
    expect([...again.notifications.values()]).toEqual([...state.notifications.values()]);
  });

  it('returns what belongs to further applications, separately from the own one', async () => {
    const state = await openState(file, now);
    state.sessions.set('own', buildSession('own', NOW + DAY));
    state.of(7).sessions.set('s', buildSession('s', NOW + DAY));
    state.of(8).sessions.set('over', buildSession('over', NOW - 1));
    state.of(7).grants.set('g', buildGrant('g', NOW + 1));
    await state.of(7).save();

    const again = await openState(file, now);

    expect([...again.sessions.keys()]).toEqual(['own']);
    expect(again.of(7).sessions).toEqual(state.of(7).sessions);
    expect(again.of(8).sessions.size).toBe(0);
    expect([...again.grants.keys()]).toEqual(['g']);
  });

  it('keeps data of an application that is not opened', async () => {
    const state = await openState(file, now);
    state.of(7).sessions.set('s', buildSession('s', NOW + DAY));
    await state.save();

    await (await openState(file, now)).save();

    expect([...(await openState(file, now)).of(7).sessions.keys()]).toEqual(['s']);
  });

  it('reads data in an older file as belonging to the own application', async () => {
    await openState(file, now);
    const sessions = [buildSession('s', NOW + DAY)];
    const others = { media: [], usedSignatures: [], notifications: [], procedures: [] };
    const grants = [buildGrant('g', NOW + 1)];
    await writeFile(file, JSON.stringify({ version: 1, sessions, grants, ...others }));

    const state = await openState(file, now);

    expect([...state.sessions.values()]).toEqual(sessions);
    expect(state.of(7).sessions.size).toBe(0);
    expect(state.pulls.size).toBe(0);
  });

  it('drops expired sessions, credentials and used signatures', async () => {
    const state = await openState(file, now);
    state.sessions.set('old', buildSession('old', NOW + 1));
    state.sessions.set('new', buildSession('new', NOW + 2));
    state.grants.set('old', buildGrant('old', NOW + 1 - 3_600));
    state.grants.set('just over', buildGrant('just over', NOW + 1));
    for (const [digest, expiresAt] of [['old', NOW + 1] as const, ['new', NOW + 2] as const]) {
      state.usedSignatures.set(digest, { digest, vodSessionKey: 's', request: 'r', expiresAt });
    }
    nowSeconds = NOW + 2;

    await state.save();
    const again = await openState(file, now);

    expect([...again.sessions.keys()]).toEqual(['new']);
    expect([...again.grants.keys()]).toEqual(['just over']);
    expect([...again.usedSignatures.keys()]).toEqual(['new']);
  });

  it('has on disk everything that was set before any of several concurrent saves', async () => {
    const state = await openState(file, now);
    const saves = Array.from({ length: 50 }, (_, index) => {
      state.sessions.set(`s${index}`, buildSession(`s${index}`, NOW + DAY));
      return state.save();
    });

    await Promise.all(saves);

    expect((await openState(file, now)).sessions.size).toBe(50);
    expect(await readdir(join(dir, 'deep'))).toEqual(['state.json']);
  });

  it('saves again after a failed save', async () => {
    const state = await openState(file, now);
    await rm(join(dir, 'deep'), { recursive: true });
    await expect(state.save()).rejects.toThrow('ENOENT');
    await openState(file, now);

    await state.save();

    expect(JSON.parse(await readFile(file, 'utf8'))).toMatchObject({ version: 1 });
  });

  it.each([
    ['broken JSON', '{"version":1', 'JSON'],
    ['another version', '{"version":2}', 'version'],
    [
      'a session without key',
      '{"version":1,"sessions":[{}],"media":[],"grants":[],"usedSignatures":[],"notifications":[],"procedures":[]}',
      'sessions.0.vodSessionKey',
    ],
  ])('refuses %s, names the file and says what to do', async (_name, content, detail) => {
    await openState(file, now);
    await writeFile(file, content);

    const opened = openState(file, now);

    await expect(opened).rejects.toThrow(`${file} is not a state of the VOD emulator`);
    await expect(opened).rejects.toThrow(detail);
    await expect(opened).rejects.toThrow('Delete it to start without it');
  });
});
