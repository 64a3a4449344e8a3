import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { fetch } from '../../../tools/deploy/replacements/fetch.ts';
import { createJson } from '../../../tools/deploy/replacements/json.ts';
import {
  prepareSubscription,
  refuseDriverPart,
} from '../../../tools/deploy/replacements/postgres.ts';
import { refuseProxy } from '../../../tools/deploy/replacements/proxy.ts';
import { isStream, refuseStream } from '../../../tools/deploy/replacements/streams.ts';
import { createTraceId } from '../../../tools/deploy/replacements/trace-id.ts';

describe('fetch()', () => {
  it('refuses a stream as a body', async () => {
    await expect(
      fetch('http://127.0.0.1:1/', { method: 'POST', headers: {}, body: Readable.from(['']) }),
    ).rejects.toThrow('sends text and bytes only');
  });

  it('sends nothing if the signal is already aborted', async () => {
    await expect(
      fetch('http://127.0.0.1:1/', { method: 'GET', headers: {}, signal: AbortSignal.abort() }),
    ).rejects.toThrow('The user aborted a request.');
  });
});

describe('createJson()', () => {
  it('reads and writes JSON, and refuses BigInt values', () => {
    expect(createJson().stringify(createJson().parse('{"a":[1,"\u2028"]}'))).toBe(
      '{"a":[1,"\u2028"]}',
    );
    expect(() => createJson().stringify({ a: 1n })).toThrow('BigInt');
  });
});

describe('isStream()', () => {
  it.each([undefined, null, 1, 'text', Buffer.from(''), {}, []])(
    'returns false for %j',
    (value) => {
      expect(isStream(value)).toBe(false);
    },
  );

  it('refuses a stream', () => {
    expect(() => isStream(Readable.from(['']))).toThrow('leaves streams out');
  });
});

describe('refuseStream() and refuseProxy()', () => {
  it('throw what is missing when they are called or constructed', () => {
    expect(() => refuseStream()).toThrow('leaves streams out');
    expect(() => Reflect.construct(refuseStream, [])).toThrow('leaves streams out');
    expect(() => Reflect.construct(refuseProxy, ['http://proxy'])).toThrow('leaves proxies out');
  });
});

describe('prepareSubscription() and refuseDriverPart()', () => {
  it('throw what is missing when they are used, and not before', () => {
    const subscribe = prepareSubscription();
    expect(subscribe).toThrow('leaves replication and large objects out');
    expect(refuseDriverPart).toThrow('leaves replication and large objects out');
  });
});

describe('createTraceId()', () => {
  it('returns a different id each time', () => {
    expect(createTraceId()).toMatch(/^[\da-f-]{36}$/);
    expect(createTraceId()).not.toBe(createTraceId());
  });
});
