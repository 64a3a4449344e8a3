import { beforeEach, describe, expect, it, vi } from 'vitest';
import { buildVideo } from '../../../tools/local/emulator/pull/sample-video.ts';
import { sendAsClient, sign, uploadAsServer } from '../../acceptance/bring.ts';
import { happens } from '../../support/activities.ts';
import { writeV1Context } from '../../support/source-contexts.ts';
import { useStack } from '../../support/stack-stage.ts';

const POLICY = {
  console: { maxSeconds: 3 },
  profiles: { default: { quotas: { bytesPerDay: 1 } } },
};

const stage = useStack(() => ({
  emulator: { procedureMilliseconds: 20, attemptWaits: [0, 20, 20], pollMilliseconds: 20 },
  custom: { upload: { policy: POLICY } },
}));

beforeEach(() => {
  // Otherwise the storage SDK inside writes its files into the home directory.
  vi.stubEnv('XDG_CONFIG_HOME', stage.dir);
});

const SHORT = buildVideo(2);
const LONG = buildVideo(5);

async function ask(method: string, path: string, body?: unknown) {
  const headers = { authorization: `Bearer ${await signIn('upload:read upload:admin')}` };
  const response = await fetch(`${stage.stack.origin}${path}`, {
    ...{ method, headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return JSON.parse(await response.text());
}

async function signIn(scope: string): Promise<string> {
  const response = await fetch(`${stage.stack.origin}/__local/token`, {
    ...{ method: 'POST', body: JSON.stringify({ sub: 'thief', scope }) },
  });
  return JSON.parse(await response.text()).token;
}

/** Runs the timer until nothing is left to do for any media; returns the ids of the media that VOD has then. */
async function settle(): Promise<readonly string[]> {
  await expect.poll(async () => (await ask('POST', '/__local/sweep', {})).backlog.actions).toBe(0);
  const { items } = await ask('GET', '/uploads?limit=100');
  const states = new Map<string, string>(
    items.map(({ fileId, state }: { fileId: string; state: string }) => [fileId, state]),
  );
  return [...states].filter(([, state]) => state === 'ready').map(([fileId]) => fileId);
}

/** Another program uploads a media with the context `SourceContext`, and the functions are notified of it. */
async function bringWith(SourceContext: string, film = SHORT): Promise<string> {
  const fileId = await uploadAsServer(stage, { SourceContext }, film);
  await told(fileId);
  return fileId;
}

const told = (fileId: string) =>
  happens(stage.stack, 'function', ({ log }) =>
    log.some((line) => line['fileId'] === fileId && line['status'] === 200),
  );

const findByFile = async (fileId: string) => {
  const { items } = await ask('GET', '/uploads?limit=100');
  return items.find((upload: { fileId?: string }) => upload.fileId === fileId);
};

describe('a context that another program wrote', () => {
  it('does not take over another upload, and deletes no other film', async () => {
    const { signature, uploadId } = await sign(stage, {});
    const forged = { uploadId, owner: 'user-7', method: 'client' } as const;

    const before = await bringWith(writeV1Context(forged));
    const film = await sendAsClient(stage, signature);
    await told(film);
    const after = await bringWith(writeV1Context(forged, 'again'));

    const kept = await settle();
    expect([...kept].sort()).toEqual([before, film, after].sort());
    expect(await ask('GET', `/uploads/${uploadId}`)).toMatchObject({
      fileId: film,
      state: 'ready',
    });
    const other = await findByFile(before);
    expect(other).toMatchObject({ method: 'other', sourceContext: writeV1Context(forged) });
    expect(other.owner).toBeUndefined();
  });

  it('does not avoid limits of the policy', async () => {
    const uploadId = '01ARYZ6S410000000000000000';
    const forged = writeV1Context({ uploadId, owner: 'user-7', method: 'server' });

    const long = await bringWith(forged, LONG);

    expect(await settle()).toEqual([]);
    expect(await findByFile(long)).toMatchObject({
      state: 'rejected',
      problem: { code: 'limits_exceeded', rule: 'maxSeconds', limit: 3, actual: 5 },
    });
  });

  it('uses no quota of another caller', async () => {
    const uploadId = '01ARYZ6S410000000000000000';
    await bringWith(writeV1Context({ uploadId, owner: 'user-7', method: 'client' }));

    expect(await sign(stage, {})).toHaveProperty('signature');
  });

  it('cannot name a path as an upload', async () => {
    const forged = { uploadId: '../dead-deliveries', owner: 'user-7', method: 'client' } as const;

    const fileId = await bringWith(writeV1Context(forged));

    const { uploadId } = await findByFile(fileId);
    expect(uploadId).toMatch(/^[0-9A-Z]{26}$/);
  });
});
