import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openState, type UploadSession } from '../../../../tools/local/emulator/state.ts';
import { makeFolder } from '../../../support/make-folder.ts';

const NOW = 1_700_000_000;
const DAY = 86_400;

let dir: string;
let folder: string;
let nowSeconds: number;
const now = () => new Date(nowSeconds * 1_000);

beforeEach(async () => {
  dir = await makeFolder();
  folder = join(dir, 'deep');
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
    const state = await openState(folder, now);

    expect(state.sessions.size + state.media.size + state.notifications.size).toBe(0);
    expect(await readdir(folder)).toEqual(['state.ndjson']);
  });

  it('returns what was saved, in order', async () => {
    const state = await openState(folder, now);
    state.sessions.set('s', buildSession('s', NOW + DAY));
    state.grants.set('g', buildGrant('g', NOW + 1));
    const used = { digest: 'd', vodSessionKey: 's', request: 'r', expiresAt: NOW };
    state.usedSignatures.set('d', used);
    for (const id of ['z', 'a', 'm']) {
      state.notifications.set(id, { id, eventType: 'E', fileId: 'f', event: { n: [1, null] } });
    }
    await state.save();

    const again = await openState(folder, now);

    expect(again.sessions).toEqual(state.sessions);
    expect(again.grants).toEqual(state.grants);
    expect(again.usedSignatures).toEqual(state.usedSignatures);
    expect([...again.notifications.values()]).toEqual([...state.notifications.values()]);
  });

  it('returns what belongs to further applications, separately from the own one', async () => {
    const state = await openState(folder, now);
    state.sessions.set('own', buildSession('own', NOW + DAY));
    state.of(7).sessions.set('s', buildSession('s', NOW + DAY));
    state.of(8).sessions.set('over', buildSession('over', NOW - 1));
    state.of(7).grants.set('g', buildGrant('g', NOW + 1));
    await state.of(7).save();

    const again = await openState(folder, now);

    expect([...again.sessions.keys()]).toEqual(['own']);
    expect(again.of(7).sessions).toEqual(state.of(7).sessions);
    expect(again.of(8).sessions.size).toBe(0);
    expect([...again.grants.keys()]).toEqual(['g']);
  });

  it('keeps data of an application that is not opened', async () => {
    const state = await openState(folder, now);
    state.of(7).sessions.set('s', buildSession('s', NOW + DAY));
    await state.save();

    await (await openState(folder, now)).save();

    expect([...(await openState(folder, now)).of(7).sessions.keys()]).toEqual(['s']);
  });

  it('takes over the state of an earlier version, once', async () => {
    await mkdir(folder);
    const sessions = [buildSession('s', NOW + DAY)];
    const others = { media: [], usedSignatures: [], notifications: [], procedures: [] };
    const grants = [buildGrant('g', NOW + 1), buildGrant('long over', NOW - DAY)];
    const further = { sessions: [buildSession('7', NOW + DAY)], ...others };
    const classes = [{ classId: 3, parentId: -1, name: 'sports', level: 0 }];
    const applications = [{ subAppId: 7, ...further, classes }];
    const stored = { version: 1, sessions, grants, ...others, applications };
    await writeFile(join(folder, 'state.json'), JSON.stringify(stored));

    const state = await openState(folder, now);
    state.sessions.delete('s');
    await state.save();
    const again = await openState(folder, now);

    for (const opened of [state, again]) {
      expect([...opened.grants.keys()]).toEqual(['g']);
      expect([...opened.of(7).sessions.values()]).toEqual(further.sessions);
      expect([...opened.of(7).classes.entries()]).toEqual([['3', classes[0]]]);
      expect(opened.sessions.size + opened.pulls.size).toBe(0);
    }
    expect(await readdir(folder)).toEqual(['state.ndjson']);
  });

  it('takes over the state of an earlier version again if that was interrupted', async () => {
    const lists = { media: [], usedSignatures: [], notifications: [], procedures: [], grants: [] };
    const old = { version: 1, ...lists, sessions: [buildSession('s', NOW + DAY)] };
    const interrupted = await openState(folder, now);
    interrupted.sessions.set('half', buildSession('half', NOW + DAY));
    await interrupted.save();
    await writeFile(join(folder, 'state.json'), JSON.stringify(old));

    const state = await openState(folder, now);

    expect([...state.sessions.keys()]).toEqual(['s']);
    expect([...(await openState(folder, now)).sessions.keys()]).toEqual(['s']);
  });

  it('drops expired sessions, credentials and used signatures', async () => {
    const state = await openState(folder, now);
    state.sessions.set('old', buildSession('old', NOW + 1));
    state.sessions.set('new', buildSession('new', NOW + 2));
    state.grants.set('old', buildGrant('old', NOW + 1 - 3_600));
    state.grants.set('just over', buildGrant('just over', NOW + 1));
    for (const [digest, expiresAt] of [['old', NOW + 1] as const, ['new', NOW + 2] as const]) {
      state.usedSignatures.set(digest, { digest, vodSessionKey: 's', request: 'r', expiresAt });
    }
    nowSeconds = NOW + 2;

    await state.save();
    const again = await openState(folder, now);

    expect([...again.sessions.keys()]).toEqual(['new']);
    expect([...again.grants.keys()]).toEqual(['just over']);
    expect([...again.usedSignatures.keys()]).toEqual(['new']);
  });

  it('has on disk everything that was set before any of several concurrent saves', async () => {
    const state = await openState(folder, now);
    const saves = Array.from({ length: 50 }, (_, index) => {
      state.sessions.set(`s${index}`, buildSession(`s${index}`, NOW + DAY));
      return state.save();
    });

    await Promise.all(saves);

    expect((await openState(folder, now)).sessions.size).toBe(50);
    expect(await readdir(folder)).toEqual(['state.ndjson']);
  });

  it('saves again after a failed save', async () => {
    const state = await openState(folder, now);
    state.sessions.set('s', buildSession('s', NOW + DAY));
    await rm(folder, { recursive: true });
    await expect(state.save()).rejects.toThrow('ENOENT');
    await mkdir(folder);

    await state.save();

    expect([...(await openState(folder, now)).sessions.keys()]).toEqual(['s']);
  });

  const OLD_LISTS = '"media":[],"grants":[],"usedSignatures":[],"notifications":[],"procedures":[]';
  it.each([
    ['broken JSON', 'state.ndjson', '{"version":2}\n[[\n', 'line 2: '],
    ['another version', 'state.ndjson', '{"version":3}\n', 'line 1: '],
    ['something else', 'state.ndjson', 'not JSON', 'line 1: '],
    ['a list that does not exist', 'state.ndjson', '{"version":2}\n[["x","k"]]\n', 'list x'],
    ['what is no change', 'state.ndjson', '{"version":2}\n[["media"]]\n', 'no list or no key'],
    ['a record without key', 'state.ndjson', '{"version":2}\n[["grants","k",{}]]\n', 'secretId'],
    ['an older file with broken JSON', 'state.json', '{"version":1', 'JSON'],
    ['an older file of another version', 'state.json', '{"version":2}', 'version'],
    [
      'an older file with a session without key',
      'state.json',
      `{"version":1,"sessions":[{}],${OLD_LISTS}}`,
      'sessions.0.vodSessionKey',
    ],
  ])('refuses %s, names the file and says what to do', async (_name, name, content, detail) => {
    await mkdir(folder);
    await writeFile(join(folder, name), content);

    const opened = openState(folder, now);

    const start = `${join(folder, name)} is not a state of the VOD emulator`;
    await expect(opened).rejects.toThrow(start);
    await expect(opened).rejects.toThrow(detail);
    await expect(opened).rejects.toThrow('Delete it to start without it');
  });
});
