import { createHash } from 'node:crypto';
import { connect } from 'node:net';
import type COS from 'cos-nodejs-sdk-v5';
import { XMLParser } from 'fast-xml-parser';
import { expect } from 'vitest';
import { perTest } from '../../../../support/per-test.ts';
import {
  exampleGrant,
  HOST,
  PREFIX,
  type Reply,
  signedHeaders,
  startStorage,
} from './storage-server.ts';

/** The key of an object that may be uploaded. */
export const KEY = `${PREFIX}video.mp4`;
export const MIB = 1024 * 1024;

const parser = new XMLParser({
  ignoreDeclaration: true,
  parseTagValue: false,
  isArray: (name) => name === 'Part' || name === 'Upload',
});

/** Returns the XML of an answer as an object, whose values are texts. */
export const parseXml = ({ body }: Reply) => parser.parse(body.toString());

/** Returns the status and the code of an answer that refuses. */
export const errorOf = (reply: Reply) => ({
  status: reply.status,
  code: parseXml(reply).Error?.Code,
});

/** Returns the MD5 of some content. */
export const md5 = (content: string | Buffer, encoding: 'base64' | 'hex' = 'base64') =>
  createHash('md5').update(content).digest(encoding);

/** Returns the body of CompleteMultipartUpload, with the number and the ETag of each part. */
export function completeXml(parts: readonly (readonly [number, string | undefined])[]): string {
  const xml = parts.map(([number, etag = '']) => {
    return `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`;
  });
  return `<CompleteMultipartUpload>${xml.join('')}</CompleteMultipartUpload>`;
}

/** Gives each test a storage side with credentials for it, and requests that are signed with the vendor's own function. */
export function useStorage() {
  const storage = perTest(
    async () => {
      const started = await startStorage();
      const grant = exampleGrant();
      started.grants.set(grant.secretId, grant);
      return started;
    },
    async ({ failures, stop }) => {
      expect(failures).toEqual([]);
      await stop();
    },
  );
  function call(
    method: COS.Method | 'HEAD' | 'PATCH',
    key: string,
    query: Record<string, string> = {},
    body: string | Buffer = '',
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const search = new URLSearchParams(query).toString().replaceAll('+', '%20');
    return storage.send({
      method,
      path: `/${key.split('/').map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`,
      headers: signedHeaders(exampleGrant(), method, key, query, headers),
      body,
    });
  }
  return {
    storage,
    call,
    /** Begins a signed PUT with what no client would send; `rest` follows the headers. */
    beginPut(query: Record<string, string>, rest: string) {
      const headers = { Host: HOST, ...signedHeaders(exampleGrant(), 'PUT', KEY, query) };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const socket = connect(storage.port, '127.0.0.1');
      const path = `/${KEY}?${new URLSearchParams(query)}`;
      socket.write(`PUT ${path} HTTP/1.1\r\n${lines.join('')}${rest}`);
      return socket;
    },
    /** Begins a multipart upload of {@link KEY}, and returns its id. */
    async initiate(): Promise<string> {
      const reply = await call('POST', KEY, { uploads: '' });
      return parseXml(reply).InitiateMultipartUploadResult.UploadId;
    },
    putPart: (uploadId: string, partNumber: number, body: Buffer | string) =>
      call('PUT', KEY, { partNumber: String(partNumber), uploadId }, body),
  };
}
