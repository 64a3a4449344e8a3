import { describe, expect, it } from 'vitest';
import { describeProblem } from '../../../lib/problem.ts';
import {
  explainVodError,
  explainVodTimeout,
  readRefusal,
  refuseForTime,
} from '../../../lib/vod/error.ts';

/** The error that the vendor's client throws for an error of the API; its class has no name. */
function refusal(code: string): Error {
  return Object.assign(new Error('canary: https://media.example.com/a.mp4?signature=canary'), {
    code,
    requestId: '0a1b2c3d-0000-4000-8000-000000000001',
    traceId: 'trace-1',
  });
}

function networkError(properties: object): Error {
  return Object.assign(new Error('request to https://vod.tencentcloudapi.com/ failed'), properties);
}

describe('explainVodError()', () => {
  // Every code that VOD documents for PullUpload, and those that any call may return.
  it.each([
    ['FailedOperation', 502, 'upstream_failed', 'never', undefined],
    ['FailedOperation.CoverType', 422, 'upstream_rejected', 'never', 'coverUrl'],
    ['FailedOperation.InvalidVodUser', 502, 'upstream_denied', 'never', undefined],
    ['FailedOperation.MediaType', 422, 'upstream_rejected', 'never', 'mediaType'],
    ['InternalError', 502, 'upstream_failed', 'soon', undefined],
    ['InternalError.GetFileInfoError', 502, 'upstream_failed', 'soon', undefined],
    ['InvalidParameter.ExpireTime', 422, 'upstream_rejected', 'never', 'expireTime'],
    ['InvalidParameter.StorageRegion', 422, 'upstream_rejected', 'never', 'storageRegion'],
    ['InvalidParameterValue', 422, 'upstream_rejected', 'never', undefined],
    ['InvalidParameterValue.CoverUrl', 422, 'upstream_rejected', 'never', 'coverUrl'],
    ['InvalidParameterValue.ExpireTime', 422, 'upstream_rejected', 'never', 'expireTime'],
    [
      'InvalidParameterValue.MediaStoragePath',
      422,
      'upstream_rejected',
      'never',
      'mediaStoragePath',
    ],
    ['InvalidParameterValue.MediaUrl', 422, 'upstream_rejected', 'never', 'mediaUrl'],
    [
      'InvalidParameterValue.SessionContextTooLong',
      422,
      'upstream_rejected',
      'never',
      'sessionContext',
    ],
    ['InvalidParameterValue.SessionId', 422, 'upstream_rejected', 'never', undefined],
    ['InvalidParameterValue.SessionIdTooLong', 502, 'upstream_failed', 'never', undefined],
    ['InvalidParameterValue.StorageRegion', 422, 'upstream_rejected', 'never', 'storageRegion'],
    ['InvalidParameterValue.SubAppId', 502, 'upstream_denied', 'never', undefined],
    ['InvalidParameterValue.TaskId', 422, 'upstream_rejected', 'never', 'taskId'],
    ['ResourceNotFound', 422, 'upstream_rejected', 'never', undefined],
    ['ResourceNotFound.CoverUrl', 422, 'upstream_rejected', 'never', 'coverUrl'],
    ['ResourceNotFound.UserNotExist', 502, 'upstream_denied', 'never', undefined],
    ['UnauthorizedOperation', 502, 'upstream_denied', 'never', undefined],
    ['AuthFailure.SignatureExpire', 502, 'upstream_denied', 'never', undefined],
    ['AuthFailure.TokenFailure', 502, 'upstream_denied', 'never', undefined],
    ['AuthFailure.UnauthorizedOperation', 502, 'upstream_denied', 'never', undefined],
    ['RequestLimitExceeded', 503, 'upstream_busy', 'later', undefined],
    ['RequestLimitExceeded.UinLimitExceeded', 503, 'upstream_busy', 'later', undefined],
    ['ServiceUnavailable', 503, 'upstream_busy', 'later', undefined],
    ['LimitExceeded', 503, 'upstream_busy', 'never', undefined],
    ['MissingParameter', 502, 'upstream_failed', 'never', undefined],
    ['SomethingOfTomorrow.Whatever', 502, 'upstream_failed', 'never', undefined],
  ])('explains the code %s', (vodCode, status, code, repeat, field) => {
    const { problem, repeat: actualRepeat } = explainVodError(refusal(vodCode));

    expect(problem).toMatchObject({ status, code });
    expect(actualRepeat).toBe(repeat);
    expect(problem.errors?.map(({ path }) => path)).toEqual(
      field === undefined ? undefined : [field],
    );
    expect(problem.vod).toEqual({
      code: vodCode,
      requestId: '0a1b2c3d-0000-4000-8000-000000000001',
    });
    expect(problem.headers).toEqual(code === 'upstream_busy' ? { 'Retry-After': '2' } : {});
    expect(problem.message).toContain(vodCode);
    expect(problem.cause).toBeUndefined();
    expect(JSON.stringify(describeProblem(problem, 'r'))).not.toContain('canary');
  });

  it.each([
    [500, 502, 'upstream_failed', 'soon'],
    [502, 502, 'upstream_failed', 'soon'],
    [503, 503, 'upstream_busy', 'later'],
    [429, 503, 'upstream_busy', 'later'],
    [403, 502, 'upstream_failed', 'never'],
    [302, 502, 'upstream_failed', 'never'],
  ])('explains the HTTP status %i', (httpCode, status, code, repeat) => {
    const failure = explainVodError(networkError({ httpCode, requestId: '' }));

    expect(failure.problem).toMatchObject({ status, code, vod: undefined });
    expect(failure.problem.message).toContain(String(httpCode));
    expect(failure.repeat).toBe(repeat);
  });

  it.each([
    ['a connection that the client lost', networkError({ requestId: '', traceId: 'trace-1' })],
    ['an error of the operating system', networkError({ code: 'ECONNRESET', errno: 'ECONNRESET' })],
    ['a stream that ended early', networkError({ code: 'ERR_STREAM_PREMATURE_CLOSE' })],
    ['an answer that is not JSON', new SyntaxError('Unexpected token')],
    ['an answer without a response', new TypeError('Cannot read properties of undefined')],
    ['a value that is not an error', 'canary'],
    ['undefined', undefined],
    ['a code that is not a string', { code: 42 }],
  ])('treats %s as a temporary failure', (_name, error) => {
    const { problem, repeat } = explainVodError(error);

    expect(problem).toMatchObject({ code: 'upstream_failed', status: 502, vod: undefined });
    expect(repeat).toBe('soon');
    expect(problem.cause).toBe(error);
    expect(JSON.stringify(describeProblem(problem, 'r'))).not.toContain('canary');
  });

  it.each([
    ['InternalError'.padEnd(200, 'x'), undefined],
    ['Internal Error', undefined],
    ['InternalError', { code: 'InternalError', requestId: '' }],
  ])('drops a code and a request id that VOD would not send: %s', (code, vod) => {
    const error = Object.assign(refusal(code), { requestId: '<script>' });

    expect(explainVodError(error).problem.vod).toEqual(vod);
  });
});

describe('explainVodTimeout()', () => {
  const timeout = { problem: { code: 'upstream_timeout', status: 504 }, repeat: 'soon' };

  it('is a temporary failure', () => {
    expect(explainVodTimeout()).toMatchObject(timeout);
  });

  it('is the explanation of a timeout of the client', () => {
    const error = new Error('network timeout at: https://vod.tencentcloudapi.com/');

    expect(explainVodError(error)).toMatchObject(timeout);
  });
});

describe('refuseForTime()', () => {
  it('includes Retry-After', () => {
    expect(refuseForTime()).toMatchObject({
      code: 'upstream_busy',
      status: 503,
      headers: { 'Retry-After': '2' },
    });
  });
});

describe('an explained error', () => {
  it('has Retry-After if a component before the API is busy', () => {
    const { problem } = explainVodError(networkError({ httpCode: 429 }));
    expect(problem).toMatchObject({ code: 'upstream_busy', headers: { 'Retry-After': '2' } });
    expect(explainVodError(networkError({ httpCode: 502 })).problem.headers).toEqual({});
  });

  it('has its own verb for each kind of refusal, and one for all others', () => {
    const said = (code: string) => explainVodError(refusal(code)).problem.message;
    expect(said('InvalidParameterValue')).toBe('VOD refused the call with InvalidParameterValue.');
    expect(said('SomethingOfTomorrow')).toBe(
      'VOD could not serve the call with SomethingOfTomorrow.',
    );
  });

  it('has a code of limited length', () => {
    const of = (sub: number) => readRefusal(refusal(`Aa.${'x'.repeat(sub)}`));
    expect(of(60)).toMatchObject({ code: `Aa.${'x'.repeat(60)}` });
    expect(of(61)).toBeUndefined();
    expect(readRefusal(refusal(`Aa${'x'.repeat(60)}`))).toBeDefined();
    expect(readRefusal(refusal(`Aa${'x'.repeat(61)}`))).toBeUndefined();
  });
});
