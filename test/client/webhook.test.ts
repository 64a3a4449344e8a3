import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { VodUploadError, verifyWebhook } from '../../client/node.ts';
import { UPLOAD_STATES } from '../../lib/model/upload-state.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const OTHER = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;

const message = (type: string, data: unknown = { uploadId: 'u' }) => ({
  ...{ id: 'msg_1', type, timestamp: '2026-11-22T09:00:00.000Z', data },
});

function sign(text: string, secret = SECRET, at = new Date()) {
  return {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign('msg_1', at, text),
  };
}

describe('verifyWebhook()', () => {
  const text = JSON.stringify(message('upload.ready', { uploadId: 'u', name: '한글' }));
  const bytes = new TextEncoder().encode(text);

  it.each([
    ['text', text, sign(text)],
    ['bytes', bytes, sign(text)],
    ['a buffer', Buffer.from(text), sign(text)],
    ['headers of fetch', text, new Headers(sign(text))],
    [
      'headers that may repeat',
      text,
      { ...sign(text), 'webhook-id': ['msg_1'], cookie: undefined },
    ],
  ])('returns the message of %s', (_, body, headers) => {
    expect(verifyWebhook(body, headers, SECRET)).toEqual(JSON.parse(text));
  });

  it('accepts each of several secrets, so that one can be replaced', () => {
    expect(verifyWebhook(text, sign(text, OTHER), [SECRET, OTHER])).toMatchObject({ id: 'msg_1' });
    expect(() => verifyWebhook(text, sign(text, OTHER), [SECRET])).toThrow(VodUploadError);
    expect(() => verifyWebhook(text, sign(text), [])).toThrow(VodUploadError);
  });

  it.each([
    ['another secret', text, sign(text, OTHER)],
    ['another body', `${text} `, sign(text)],
    ['an old signature', text, sign(text, SECRET, new Date(Date.now() - 600_000))],
    ['a signature of the future', text, sign(text, SECRET, new Date(Date.now() + 600_000))],
    ['no headers', text, {}],
  ])('refuses %s', (_, body, headers) => {
    expect(() => verifyWebhook(body, headers, SECRET)).toThrow(
      expect.objectContaining({ problem: { code: 'webhook_invalid', detail: expect.any(String) } }),
    );
  });

  it('says what is wrong with a body that was parsed', () => {
    const parsed = JSON.parse(text);

    expect(() => verifyWebhook(parsed, sign(text), SECRET)).toThrow(/bytes of the request/);
  });

  it('throws nothing else, whatever is sent', () => {
    fc.assert(
      fc.property(fc.string(), fc.dictionary(fc.string(), fc.string()), (body, headers) => {
        expect(() => verifyWebhook(body, headers, SECRET)).toThrow(VodUploadError);
      }),
    );
  });

  it.each(['null', '7', '[]', '{"id":"a","type":7,"timestamp":"t"}'])(
    'refuses %s, although it is signed',
    (body) => {
      expect(() => verifyWebhook(body, sign(body), SECRET)).toThrow(/it is no message/);
    },
  );

  it.each([...UPLOAD_STATES.map((state) => `upload.${state}`), 'vod.NewFileUpload', 'vod.Later'])(
    'knows %s',
    (type) => {
      const body = JSON.stringify(message(type));

      expect(verifyWebhook(body, sign(body), SECRET).type).toBe(type);
    },
  );

  it('keeps a message of a type that came later', () => {
    const body = JSON.stringify(message('playback.started', { viewer: 1 }));

    expect(verifyWebhook(body, sign(body), SECRET)).toEqual({
      ...message('unknown', { viewer: 1 }),
      sentType: 'playback.started',
    });
  });
});
