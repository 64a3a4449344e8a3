import { describe, expect, it } from 'vitest';
import { describeApi } from '../../../tools/openapi/document.ts';
import { readFile } from '../../documents/documents.ts';
import { findBreakingChanges } from './breaking-changes.ts';

const released: unknown = JSON.parse(readFile('docs/openapi.released.json'));

/** Returns a copy of the released document after `change`. */
function changed(change: (document: Document) => void): unknown {
  const copy = structuredClone(released) as Document;
  change(copy);
  return copy;
}

interface Schema {
  type?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  enum?: unknown[];
  required?: string[];
  properties: Record<string, Schema>;
}

interface Document {
  paths: Record<
    string,
    Record<string, { security: object[]; parameters?: object[]; responses: Record<string, object> }>
  >;
  webhooks: Record<string, object>;
  components: { schemas: Record<string, Schema> };
}

const schema = (document: Document, name: string): Schema =>
  document.components.schemas[name] ?? { properties: {} };
const field = (document: Document, name: string, path: string): Schema =>
  schema(document, name).properties[path] ?? { properties: {} };

describe('findBreakingChanges()', () => {
  it('finds nothing in this version that breaks programs written for the released one', () => {
    expect(findBreakingChanges(released, describeApi())).toEqual([]);
  });

  it.each<[string, (document: Document) => void, string]>([
    ['a path that is gone', ({ paths }) => delete paths['/pull'], 'POST /pull is gone'],
    [
      'a method that is gone',
      ({ paths }) => delete paths['/uploads/{uploadId}']?.['delete'],
      'DELETE /uploads/{uploadId} is gone',
    ],
    [
      'a message that is gone',
      ({ webhooks }) => delete webhooks['upload.ready'],
      'POST upload.ready is gone',
    ],
    [
      'another scope',
      ({ paths }) => paths['/pull']?.['post']?.security.splice(0),
      'POST /pull needs another scope',
    ],
    [
      'a field of requests that is gone',
      (all) => delete schema(all, 'SignatureRequest').properties['classId'],
      'POST /signature body.classId is gone',
    ],
    [
      'a field of requests that is required',
      (all) => (schema(all, 'SignatureRequest').required = ['classId']),
      'POST /signature body.classId is required',
    ],
    [
      'a new field of requests that is required',
      (all) => {
        schema(all, 'PullRequest').properties['title'] = { type: 'string', properties: {} };
        schema(all, 'PullRequest').required?.push('title');
      },
      'POST /pull body|0.title is new and required',
    ],
    [
      'a new parameter that is required',
      ({ paths }) =>
        paths['/uploads']?.['get']?.parameters?.push({
          name: 'day',
          in: 'query',
          required: true,
          schema: {},
        }),
      'GET /uploads?day is new and required',
    ],
    [
      'a parameter that is gone',
      ({ paths }) => paths['/uploads']?.['get']?.parameters?.splice(1, 1),
      'GET /uploads?owner is gone',
    ],
    [
      'a lower maximum',
      (all) => (field(all, 'SignatureRequest', 'expiresIn').maximum = 3_600),
      'POST /signature body.expiresIn has narrower bounds',
    ],
    [
      'a higher minimum',
      (all) => (field(all, 'SignatureRequest', 'expiresIn').minimum = 60),
      'POST /signature body.expiresIn has narrower bounds',
    ],
    [
      'a value of requests that is gone',
      (all) => field(all, 'SignatureRequest', 'taskNotifyMode').enum?.shift(),
      'POST /signature body.taskNotifyMode has narrower bounds',
    ],
    [
      'another pattern',
      (all) => (field(all, 'SignatureRequest', 'uploadId').pattern = '^0'),
      'POST /signature body.uploadId has narrower bounds',
    ],
    [
      'a type that requests may no longer have',
      (all) => (field(all, 'SignatureRequest', 'classId').type = 'integer'),
      'POST /signature body.classId has another type',
    ],
    [
      'an answer that is gone',
      ({ paths }) => delete paths['/uploads']?.['get']?.responses['304'],
      'GET /uploads 304 is gone',
    ],
    [
      'a field of answers that is gone',
      (all) => delete schema(all, 'Upload').properties['size'],
      'GET /uploads/{uploadId} 200 body.size is gone',
    ],
    [
      'a field of answers that may be missing',
      (all) => schema(all, 'Upload').required?.splice(0, 1),
      'GET /uploads/{uploadId} 200 body.uploadId may be missing',
    ],
    [
      'a field of answers of another type',
      (all) => (field(all, 'Upload', 'size').type = 'string'),
      'GET /uploads/{uploadId} 200 body.size has another type',
    ],
    [
      'a field of messages that is gone',
      (all) => delete schema(all, 'Upload').properties['size'],
      'POST upload.ready body|0.data.size is gone',
    ],
  ])('reports %s', (_, change, report) => {
    expect(findBreakingChanges(released, changed(change))).toContain(report);
  });

  it.each<[string, (document: Document) => void]>([
    ['a new path', ({ paths }) => (paths['/new'] = paths['/pull'] ?? {})],
    [
      'a new optional field of requests',
      (all) =>
        (schema(all, 'SignatureRequest').properties['title'] = { type: 'string', properties: {} }),
    ],
    ['wider bounds', (all) => (field(all, 'SignatureRequest', 'expiresIn').maximum = 9_000_000)],
    [
      'a new value of requests',
      (all) => field(all, 'SignatureRequest', 'taskNotifyMode').enum?.push('Always'),
    ],
    [
      'a new field of answers',
      (all) => (schema(all, 'Upload').properties['title'] = { type: 'string', properties: {} }),
    ],
    ['a narrower type of answers', (all) => (field(all, 'Upload', 'size').type = 'integer')],
  ])('accepts %s', (_, change) => {
    expect(findBreakingChanges(released, changed(change))).toEqual([]);
  });
});
