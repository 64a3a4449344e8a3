import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { readShown } from '../../documents/documents.ts';
import { CLOUD_ACCOUNT } from '../../support/cloud/account.ts';
import { type Invocation, runFunction } from '../../support/cloud/scf/run-function.ts';
import { readZip } from '../../support/cloud/zip.ts';
import { EVENT_SHAPES, type TestRequest } from '../../support/http-events.ts';
import { signCallback } from '../../support/sign-callback.ts';
import { expectSuccess, listWrites, mintToken, SECRETS } from './deploy-stage.ts';
import {
  addressOf,
  BUCKET,
  describePolicy,
  environmentOf,
  FUNCTIONS,
  HTTP_FUNCTIONS,
  nameOf,
  TOLD,
  useDeployment,
} from './deployment.ts';
import { PARTS } from './parts.ts';

const { deployment, find } = useDeployment();

describe('the first deployment', () => {
  it('stores one archive, then creates each function and its trigger', () => {
    expectSuccess(deployment.result);
    expect(listWrites(deployment.calls)).toEqual([
      'cos PutBucket ',
      expect.stringMatching(/^cos PutObject vod-upload-dev-[0-9a-f]{64}\.zip$/),
      ...HTTP_FUNCTIONS.flatMap((key) => [
        `scf CreateFunction ${nameOf(key)}`,
        `scf CreateTrigger ${nameOf(key)} url`,
      ]),
      'scf CreateFunction vod-upload-dev-sweep',
      'scf CreateTrigger vod-upload-dev-sweep every-minute',
    ]);
  });

  it('prints the addresses from the cloud', () => {
    for (const key of HTTP_FUNCTIONS) {
      expect(deployment.result.output).toContain(`${addressOf(find(key))}/${key}`);
    }
  });

  it('prints what the documents show, with other names and sizes', () => {
    const mask = (text: string) =>
      text
        .replaceAll(/^\S+(?=\.serverless)/gm, '')
        .replaceAll(/\d+ (?=bytes)/g, '# ')
        .replaceAll(/-[0-9a-f]+(?:…[0-9a-f]+)?\.zip/g, '-#.zip')
        .replaceAll(/https:\/\/\d+-[^./]+\.[^/]+/g, 'https://#');

    // Progress goes to one stream and the result to another; a terminal shows both, one after the other.
    const [steps = '', outcome = ''] = mask(readShown('deploy')).split(/(?=^Done)/m);
    expect(outcome).not.toBe('');
    expect(mask(deployment.result.output)).toContain(steps);
    expect(mask(deployment.result.output)).toContain(outcome);
  });

  it('creates functions as serverless.yml describes them', () => {
    expect(FUNCTIONS.map((key) => find(key))).toMatchObject([
      { handler: 'signature.main_handler', timeout: 20, memorySize: 128, role: '' },
      { handler: 'pull.main_handler', timeout: 60, role: 'VodUpload' },
      { handler: 'callback.main_handler', timeout: 10, role: 'VodUpload' },
      { handler: 'uploads.main_handler', timeout: 30, role: 'VodUpload' },
      { handler: 'sweep.main_handler', timeout: 60, memorySize: 256, role: 'VodUpload' },
    ]);
    for (const key of FUNCTIONS) {
      expect(find(key)).toMatchObject({ status: 'Active', runtime: 'Nodejs20.19' });
    }
  });

  it('creates public Function URLs and a timer, all switched on', () => {
    for (const key of HTTP_FUNCTIONS) {
      const [trigger, ...others] = find(key).triggers;
      expect(others).toEqual([]);
      expect(trigger).toMatchObject({ type: 'http', isOpen: true, qualifier: '$DEFAULT' });
      // Functions set CORS headers themselves; browsers would refuse duplicate headers.
      expect(JSON.parse(trigger?.description ?? '')).toMatchObject({
        AuthType: 'NONE',
        NetConfig: { EnableIntranet: false, EnableExtranet: true },
        CorsConfig: { Enable: false },
      });
    }
    expect(find('sweep').triggers).toMatchObject([
      { type: 'timer', isOpen: true, description: '{"cron":"0 * * * * * *"}' },
    ]);
  });

  it.each(FUNCTIONS)('gives %s its own variables, and no others', (key) => {
    const told = environmentOf(find(key));

    expect(Object.keys(told).sort()).toEqual([...TOLD[key]].sort());
    for (const name of TOLD[key])
      expect(told[name], name).toBe(deployment.stages.environment[name]);
  });

  it('writes no secret to the bucket or the terminal', () => {
    const objects = [...(deployment.deployed.buckets.get(BUCKET)?.objects.values() ?? [])];
    const files = objects.flatMap(({ body }) => readZip(body).map(({ content }) => content));
    const texts = [...objects.map(({ body }) => body), ...files].map((bytes) => bytes.toString());
    const secrets = [
      ...Object.values(SECRETS),
      ...['DATABASE_URL', 'WEBHOOK_ENDPOINTS'].map(
        (name) => deployment.stages.environment[name] ?? '',
      ),
      CLOUD_ACCOUNT.key.secretKey,
    ];

    expect(objects).toHaveLength(1);
    for (const secret of secrets) {
      expect(secret).not.toBe('');
      expect([deployment.result.output, ...texts].filter((text) => text.includes(secret))).toEqual(
        [],
      );
    }
  });

  it('connects only to the cloud', () => {
    expect(deployment.strangers).toEqual([]);
  });
});

describe('the archive', () => {
  it('has the bundles, the settings and the licences at its root, without a date or an owner', () => {
    const files = readZip(find('signature').code);

    expect(files.map(({ name }) => name).sort()).toEqual(
      [...FUNCTIONS, ...PARTS]
        .map((name) => `${name}.js`)
        .concat('settings.json', 'THIRD-PARTY-LICENSES.txt')
        .sort(),
    );
    expect(new Set(files.map(({ modified }) => modified))).toHaveProperty('size', 1);
    // All users must be able to read the files: https://cloud.tencent.com/document/product/583/9702.
    expect(new Set(files.map(({ mode }) => mode & 0o777))).toEqual(new Set([0o644]));
  });

  describe.each(EVENT_SHAPES)('behind $name', ({ toEvent }) => {
    /** Calls a function, with a token for `scope` if it is given. */
    const call = async (key: string, request: TestRequest, scope?: string) => {
      const authorization = scope === undefined ? {} : await authorize(scope);
      const outcome = await runFunction(find(key), toEvent({ ...request, headers: authorization }));
      return readAnswer(outcome);
    };

    it('issues a signature, and returns its upload', async () => {
      const signed = await call('signature', { body: { classId: 7 } }, 'upload:sign');
      const { signature, uploadId } = signed.json;
      const path = `/uploads/${uploadId}`;
      const shown = await call('uploads', { method: 'GET', path }, 'upload:read');

      expect(signed.status).toBe(200);
      expect(Buffer.from(String(signature), 'base64').subarray(20).toString()).toContain(
        `secretId=${deployment.stages.environment['VOD_SECRET_ID']}&`,
      );
      expect(shown).toMatchObject({ status: 200, json: { uploadId, state: 'issued', classId: 7 } });
    });

    it('makes VOD pull', async () => {
      const body = { mediaUrl: 'https://media.example.com/film.mp4' };

      expect(await call('pull', { body }, 'upload:pull')).toMatchObject({
        status: 202,
        json: { taskId: 'task-1' },
      });
      expect(deployment.stages.vodCalls.at(-1)).toMatchObject({
        action: 'PullUpload',
        headers: { 'x-tc-token': 'role-token-example' },
      });
    });

    it('accepts a notification with a valid Sign', async () => {
      const body = {
        EventType: 'MediaCastStatusChanged',
        MediaCastStatusChangedEvent: { CastId: `cast-${randomUUID()}`, Status: 'Working' },
        ...signCallback(SECRETS.CALLBACK_SIGN_KEYS, Math.floor(Date.now() / 1_000) + 600),
      };

      expect(await call('callback', { body })).toMatchObject({ status: 200, json: { code: 0 } });
    });

    it.each(HTTP_FUNCTIONS)('refuses calls of %s without a token or Sign', async (key) => {
      const method = key === 'uploads' ? 'GET' : 'POST';

      expect(await call(key, { method, body: {} })).toMatchObject({
        status: 401,
        json: { code: 'unauthorized' },
      });
    });

    it.each(HTTP_FUNCTIONS)('answers calls of %s with a wrong method', async (key) => {
      expect(await call(key, { method: 'PATCH' })).toMatchObject({
        status: 405,
        json: { code: 'method_not_allowed' },
      });
    });
  });

  it("does at the timer what is due, with its role's credentials", async () => {
    const event = {
      Type: 'Timer',
      TriggerName: 'every-minute',
      Time: new Date().toISOString(),
      Message: '',
    };

    expect(await runFunction(find('sweep'), event)).toMatchObject({
      ok: true,
      value: { broken: [], errors: {}, outOfTime: false, backlog: { unfinishedUploads: 4 } },
    });
    expect(deployment.stages.vodCalls.at(-1)).toMatchObject({
      action: 'SearchMedia',
      headers: { 'x-tc-token': 'role-token-example' },
    });
  });
});

async function authorize(scope: string) {
  return { authorization: `Bearer ${await mintToken(scope)}` };
}

const httpAnswer = v.object({
  ok: v.literal(true),
  value: v.object({ statusCode: v.number(), body: v.string() }),
});

/** Returns the answer of a function; throws if it is not an HTTP answer with JSON. */
function readAnswer(outcome: Invocation) {
  const { statusCode, body } = v.parse(httpAnswer, outcome).value;
  return { status: statusCode, json: v.parse(v.record(v.string(), v.unknown()), JSON.parse(body)) };
}

describePolicy(deployment);
