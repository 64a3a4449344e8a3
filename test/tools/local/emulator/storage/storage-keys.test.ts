import { describe, expect, test } from 'vitest';
import { BUCKET, exampleGrant, HOST, PREFIX, signedHeaders } from './storage-server.ts';
import { completeXml, errorOf, KEY, parseXml, useStorage } from './storage-stage.ts';

const { storage, call, initiate, putPart } = useStorage();

/** Sends a request whose path begins with two slashes, signed over this path or over `signedPath`. */
function callSlashed(
  method: string,
  query: Record<string, string> = {},
  body = '',
  signedPath = `//${KEY}`,
) {
  const search = new URLSearchParams(query).toString();
  return storage.send({
    method,
    path: `//${KEY}${search === '' ? '' : `?${search}`}`,
    headers: signedHeaders(exampleGrant(), method, signedPath, query),
    body,
  });
}

describe('a key with a slash before it', () => {
  test('is that of the same object, for one request', async () => {
    const put = await callSlashed('PUT', {}, 'content');
    const got = await call('GET', KEY);
    const head = await callSlashed('HEAD');

    expect([put.status, String(got.body), head.status]).toEqual([200, 'content', 200]);
    expect(storage.operations().map(({ key }) => key)).toEqual([KEY, KEY, KEY]);
  });

  test('is that of the same upload, for each of its operations', async () => {
    const uploadId = await initiate();
    const first = await callSlashed('PUT', { partNumber: '1', uploadId }, 'content');
    const listed = await callSlashed('GET', { uploadId });
    const xml = completeXml([[1, first.headers.etag]]);
    const completed = await callSlashed('POST', { uploadId }, xml);

    expect(parseXml(listed).ListPartsResult).toMatchObject({ Key: KEY, Part: [{ Size: '7' }] });
    expect(parseXml(completed).CompleteMultipartUploadResult).toMatchObject({
      Location: `https://${HOST}/${KEY}`,
      Key: KEY,
    });
    expect(await storage.objects.find({ bucket: BUCKET, key: KEY })).toMatchObject({ size: 7 });
  });

  test('is that of the same upload, if the upload was opened with it', async () => {
    const reply = await callSlashed('POST', { uploads: '' });
    const { Key, UploadId } = parseXml(reply).InitiateMultipartUploadResult;
    const part = await putPart(UploadId, 1, 'content');
    const listed = await call('GET', '', { uploads: '', prefix: `/${PREFIX}` });
    const aborted = await callSlashed('DELETE', { uploadId: UploadId });

    expect([Key, part.status, aborted.status]).toEqual([KEY, 200, 204]);
    expect(parseXml(listed).ListMultipartUploadsResult.Upload).toMatchObject([{ UploadId }]);
  });

  test('is signed as it is sent', async () => {
    const refused = await callSlashed('PUT', {}, 'content', `/${KEY}`);

    expect(errorOf(refused)).toEqual({ status: 403, code: 'SignatureDoesNotMatch' });
  });

  test('opens no other folder', async () => {
    const path = '//vodlocal01/other';
    const headers = signedHeaders(exampleGrant(), 'PUT', path);

    const refused = await storage.send({ method: 'PUT', path, headers, body: 'content' });

    expect(errorOf(refused)).toEqual({ status: 403, code: 'AccessDenied' });
  });
});
