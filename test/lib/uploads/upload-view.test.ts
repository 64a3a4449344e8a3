import { describe, expect, it } from 'vitest';
import { viewUpload } from '../../../lib/uploads/upload-view.ts';

const UPLOAD = {
  uploadId: '01JUPLOADEXAMPLE',
  method: 'client',
  state: 'ready',
  createdAt: Date.UTC(2026, 0, 31, 8, 0, 0, 5),
  updatedAt: Date.UTC(2026, 0, 31, 8, 5),
} as const;

describe('viewUpload()', () => {
  it('writes every time as ISO 8601 and leaves other fields unchanged', () => {
    const known = { owner: 'ann', size: 5, limits: { maxBytes: 5 }, problem: { code: 'x' } };
    const times = { expiresAt: Date.UTC(2026, 1, 1), mediaExpireTime: Date.UTC(2027, 0, 1) };

    expect(viewUpload({ ...UPLOAD, ...known, ...times })).toEqual({
      ...UPLOAD,
      ...known,
      createdAt: '2026-01-31T08:00:00.005Z',
      updatedAt: '2026-01-31T08:05:00.000Z',
      expiresAt: '2026-02-01T00:00:00Z',
      mediaExpireTime: '2027-01-01T00:00:00Z',
    });
  });

  it('leaves out unknown fields', () => {
    expect(Object.keys(viewUpload(UPLOAD))).toEqual(Object.keys(UPLOAD));
  });
});
