import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { explainSecret } from '../../../lib/webhooks/message.ts';
import { LOCAL_JWT_AUDIENCE } from '../../../tools/local/local-functions.ts';
import { findLocalKeys, makeLocalKeys, readLocalKeys } from '../../../tools/local/local-keys.ts';
import { startLocalStack } from '../../../tools/local/local-stack.ts';
import { makeFolder } from '../../support/make-folder.ts';
import { useStack } from '../../support/stack-stage.ts';

describe('makeLocalKeys()', () => {
  it('makes different keys for each stack, all of which look fake', () => {
    const [keys, others] = [makeLocalKeys(), makeLocalKeys()];

    const values = Object.values(keys);
    expect(new Set([...values, ...Object.values(others)])).toHaveProperty(
      'size',
      values.length * 2,
    );
    for (const { webhookSecret, ...plain } of [keys, others]) {
      for (const value of Object.values(plain)) expect(value).toMatch(/^(?:AKID)?local/i);
      expect(Buffer.from(webhookSecret.slice(6), 'base64').toString()).toMatch(/^local-.*example/);
      expect(explainSecret(webhookSecret)).toBeUndefined();
      // https://cloud.tencent.com/document/product/266/33779
      expect(plain.signKey).toMatch(/^[A-Za-z\d]{1,32}$/);
    }
  });
});

describe('readLocalKeys()', () => {
  let dir: string;

  beforeEach(async () => {
    dir = await makeFolder();
  });

  it('makes them once for each folder, readable only by its user', async () => {
    const keys = await readLocalKeys(join(dir, 'a'));

    expect(await readLocalKeys(join(dir, 'a'))).toEqual(keys);
    expect(await findLocalKeys(join(dir, 'a'))).toEqual(keys);
    expect(await readLocalKeys(join(dir, 'b'))).not.toEqual(keys);
    expect(await findLocalKeys(join(dir, 'c'))).toBeUndefined();
    expect((await stat(join(dir, 'a', 'keys.json'))).mode & 0o777).toBe(0o600);
  });

  it.each(['', '{', '{}', '{"signKey":"canary"}', '[]'])(
    'refuses a file with the content %s',
    async (text) => {
      await writeFile(join(dir, 'keys.json'), text);

      await expect(readLocalKeys(dir)).rejects.toThrow(
        /^The keys in .+keys\.json are damaged: delete this file, and start again\.$/,
      );
    },
  );
});

describe('a stack', () => {
  const stage = useStack();

  async function post(path: string, body: unknown, headers: Record<string, string> = {}) {
    const { origin } = stage.stack;
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    return (await fetch(`${origin}${path}`, init)).status;
  }
  const readInfo = async (): Promise<Record<string, string>> =>
    Object(await (await fetch(`${stage.stack.origin}/__local/info`)).json());
  const notify = (signKey: string) => {
    const t = Math.floor(Date.now() / 1_000) + 600;
    const sign = createHash('md5').update(`${signKey}${t}`).digest('hex');
    return post('/callback', { EventType: 'Unknown', T: String(t), Sign: sign });
  };
  const signWith = async (secret: string) => {
    const token = await new SignJWT({ scope: 'upload:sign' })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('ann')
      .setAudience(LOCAL_JWT_AUDIENCE)
      .setExpirationTime('5 minutes')
      .sign(Buffer.from(secret));
    return post('/signature', {}, { authorization: `Bearer ${token}` });
  };

  it('shows the keys of its folder, and accepts only those', async () => {
    const info = await readInfo();
    const keys = await readLocalKeys(join(stage.dir, 'stack'));

    for (const name of [
      'secretId',
      'secretKey',
      'signKey',
      'jwtSecret',
      'webhookSecret',
    ] as const) {
      expect(info[name], name).toBe(keys[name]);
    }
    expect(await notify(keys.signKey)).toBe(200);
    expect(await signWith(keys.jwtSecret)).toBe(200);
    // The key that every stack had before.
    expect(await notify('LocalSignKeyExample')).toBe(401);
    expect(await signWith('local-jwt-secret-example-not-for-the-cloud')).toBe(401);

    await stage.restart();
    expect(await readInfo()).toMatchObject({ secretKey: keys.secretKey, signKey: keys.signKey });
  });

  it('replaces them when it starts empty', async () => {
    const { signKey, databaseUrl = '' } = await readInfo();
    const dir = join(stage.dir, 'stack');
    await stage.stack.close();
    const fresh = await startLocalStack({ dir, port: 0, databaseUrl, fresh: true });
    try {
      expect(fresh.account.signKey).not.toBe(signKey);
      expect(JSON.parse(await readFile(join(dir, 'keys.json'), 'utf8'))).toMatchObject({
        signKey: fresh.account.signKey,
      });
    } finally {
      await fresh.close();
    }
  });
});
