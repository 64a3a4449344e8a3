import { describe, expect, it } from 'vitest';
import events from '../fixtures/vod-events.json' with { type: 'json' };
import { EVENT_SHAPES, type TestRequest } from '../support/http-events.ts';
import { NOW_SECONDS, sign, useTriggeredCallback } from './callback-trigger-stage.ts';

const { vod, behind } = useTriggeredCallback();

describe.each(EVENT_SHAPES)('the signature of POST /callback behind a $name', ({ toEvent }) => {
  const notify = behind(toEvent);

  it.each([
    ['the body', (signed: { Sign: string; T: number }) => ({ body: signed })],
    [
      'the body, T as a string',
      (signed: { Sign: string; T: number }) => ({ body: { ...signed, T: String(signed.T) } }),
    ],
    [
      'the query string',
      ({ Sign, T }: { Sign: string; T: number }) => ({ query: { Sign, T: String(T) } }),
    ],
    [
      'headers',
      ({ Sign, T }: { Sign: string; T: number }) => ({ headers: { sign: Sign, t: String(T) } }),
    ],
  ])('finds Sign and T in %s', async (_place, put) => {
    const placed: TestRequest = put(sign());

    const { statusCode, json } = await notify({
      ...placed,
      body: { ...events.PullComplete, ...Object(placed.body) },
    });

    expect(statusCode).toBe(200);
    expect(json).toEqual({ code: 0 });
  });

  it.each([
    ['the first key', 'SignKeyNew1', 0],
    ['the previous key', 'SignKeyOld2', 1],
  ])(
    'accepts a notification that is signed with %s, and logs the place of the key',
    async (_name, key, signKey) => {
      const { statusCode, log } = await notify({ body: { ...events.PullComplete, ...sign(key) } });

      expect(statusCode).toBe(200);
      expect(log.signKey).toBe(signKey);
    },
  );

  it.each([
    ['no signature', {}, 'no "Sign"'],
    ['Sign without T', { Sign: sign().Sign }, 'no "Sign"'],
    ['T without Sign', { T: sign().T }, 'no "Sign"'],
    ['another key', sign('SignKeyOther'), 'matches none'],
    ['a T that was changed', { ...sign(), T: sign().T + 1 }, 'matches none'],
    ['a T in the past', sign('SignKeyNew1', NOW_SECONDS - 1), 'in the past'],
    ['a T far ahead', sign('SignKeyNew1', NOW_SECONDS + 86_400), 'further ahead'],
    ['a Sign that is not a string', { Sign: { a: 1 }, T: sign().T }, 'no "Sign"'],
  ])('refuses %s', async (_name, signed, detail) => {
    const asked = vod.calls.length;

    const { statusCode, json, log } = await notify({ body: { ...events.PullComplete, ...signed } });

    expect(statusCode).toBe(401);
    expect(json).toMatchObject({ code: 'unauthorized', detail: expect.stringContaining(detail) });
    expect(log).toMatchObject({
      level: 'warn',
      status: 401,
      reason: expect.stringContaining(detail),
    });
    expect(log.taskId).toBeUndefined();
    expect(vod.calls).toHaveLength(asked);
  });

  it('refuses format 2.0 without a signature', async () => {
    const { statusCode, log } = await notify({ body: events.Legacy });

    expect(statusCode).toBe(401);
    expect(log.fileId).toBeUndefined();
  });

  it.each([undefined, '', ' , ', 'has space', 'x'.repeat(33), 'good1,bad-2'])(
    'answers 500 where the keys are %j, and logs the variable',
    async (keys) => {
      const { statusCode, log } = await notify(
        { body: { ...events.PullComplete, ...sign('') } },
        { keys },
      );

      expect(statusCode).toBe(500);
      expect(log).toMatchObject({ level: 'error', fields: ['CALLBACK_SIGN_KEYS'] });
    },
  );
});
