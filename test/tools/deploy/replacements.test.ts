import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { fetch } from '../../../tools/deploy/replacements/fetch.ts';
import { createJson } from '../../../tools/deploy/replacements/json.ts';
import { refuseProxy } from '../../../tools/deploy/replacements/proxy.ts';
import { isStream, refuseStream } from '../../../tools/deploy/replacements/streams.ts';
import { createTraceId } from '../../../tools/deploy/replacements/trace-id.ts';

describe('fetch()', () => {
  it('says that it sends no streams', async () => {
    await expect(
      fetch('http://127.0.0.1:1/', { method: 'POST', headers: {}, body: Readable.from(['']) }),
    ).rejects.toThrow('sends text and bytes only');
  });

  it('sends nothing for a signal that was aborted before', async () => {
    await expect(
      fetch('http://127.0.0.1:1/', { method: 'GET', headers: {}, signal: AbortSignal.abort() }),
    ).rejects.toThrow('The user aborted a request.');
  });
});

describe('createJson()', () => {
  it('writes what was read, and refuses big numbers by name', () => {
    expect(createJson().stringify(createJson().parse('{"a":[1,"\u2028"]}'))).toBe(
      '{"a":[1,"\u2028"]}',
    );
    expect(() => createJson().stringify({ a: 1n })).toThrow('BigInt');
  });
});

describe('isStream()', () => {
  it.each([undefined, null, 1, 'text', Buffer.from(''), {}, []])('says no to %j', (value) => {
    expect(isStream(value)).toBe(false);
  });

  it('refuses a stream', () => {
    expect(() => isStream(Readable.from(['']))).toThrow('leaves streams out');
  });
});

describe('refuseStream() and refuseProxy()', () => {
  it('say what is missing when they are called and when they are made', () => {
    expect(() => refuseStream()).toThrow('leaves streams out');
    expect(() => Reflect.construct(refuseStream, [])).toThrow('leaves streams out');
    expect(() => Reflect.construct(refuseProxy, ['http://proxy'])).toThrow('leaves proxies out');
  });
});

describe('createTraceId()', () => {
  it('answers another one every time', () => {
    expect(createTraceId()).toMatch(/^[\da-f-]{36}$/);
    expect(createTraceId()).not.toBe(createTraceId());
  });
});
