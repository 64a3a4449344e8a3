import { expect, it } from 'vitest';
import type { UploadView } from '../../../lib/uploads/upload-view.ts';
import {
  buildUploadMessage,
  buildVodMessage,
  createSigner,
} from '../../../lib/webhooks/message.ts';
import { createSecret, endpointOf, messageOf } from './consumer.ts';

// Consumers recognize a repeated message by its id, and the ledger a delivery by its endpoint's id, across versions.
// The expected values were computed with Python's hashlib and hmac, not by this code.

it('message ids are the same as in earlier versions', () => {
  const event = { eventId: 'event-1', raw: { EventType: 'NewFileUpload' }, receivedAt: 0 };

  expect(messageOf('01JUPLOADEXAMPLE').id).toBe('msg_24e3148ba556dbfa5c213d706a115d8e');
  expect(buildVodMessage(event).id).toBe('msg_848e7c16a98ed9058015d7ccf62aefad');
});

it('an upload message has all its fields', () => {
  const upload: UploadView = {
    uploadId: '01JUPLOADEXAMPLE',
    method: 'pull',
    state: 'rejected',
    owner: 'user-1',
    subAppId: 1_500_000_001,
    fileId: '5285890784246869930',
    taskId: '1500000001-Pull-1',
    name: 'a.mp4',
    mediaUrl: 'https://media.example.com/a.mp4',
    coverUrl: 'https://media.example.com/a.jpg',
    size: 1,
    duration: 2,
    storageRegion: 'ap-seoul',
    classId: 7,
    procedure: 'LongVideoPreset',
    sourceContext: 'order-7',
    sessionContext: 'session-7',
    limits: { maxBytes: 1 },
    problem: { code: 'limits_exceeded', detail: 'It has 2 bytes.' },
    mediaExpireTime: '2026-03-01T00:00:00.000Z',
    createdAt: '2026-01-31T08:00:00.000Z',
    updatedAt: '2026-01-31T08:05:00.000Z',
    expiresAt: '2026-01-31T09:00:00.000Z',
  };

  expect(buildUploadMessage(upload).data).toEqual(upload);
});

it('endpoint ids are the same as in earlier versions', () => {
  const endpoint = endpointOf('https://hooks.example.com/hook', createSecret());

  expect(endpoint.id).toBe('webhook_405f9626431bc707');
});

it('signatures follow the specification', () => {
  const sign = createSigner(['whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX']);

  expect(sign('msg_1', new Date('2026-01-31T08:00:00.900Z'), '{"a":1}')).toBe(
    'v1,9yGaJYVmA7f15/xtPBnIx753hn+UrGIZcEDJO5+5cp4=',
  );
});
