import { describe, expect, it } from 'vitest';
import { CODE, cos, STORE, useCloud } from './cloud-stage.ts';

const { call } = useCloud();

describe('storage', () => {
  it('stores buckets and objects', async () => {
    const outcomes = await call([
      cos('headBucket'),
      ...STORE,
      cos('putBucket'),
      cos('headObject', { Key: 'a.zip' }),
      cos('headObject', { Key: 'b.zip' }),
      cos('putObject', { Key: 'ä b/ü+c.json', Body: Buffer.from('{}').toString('base64') }),
      cos('getBucket', { Prefix: 'ä' }),
      cos('getBucket', { MaxKeys: 1 }),
      cos('deleteBucket'),
      cos('deleteMultipleObject', { Objects: [{ Key: 'a.zip' }, { Key: 'gone' }] }),
      cos('deleteObject', { Key: 'ä b/ü+c.json' }),
      cos('getBucket'),
      cos('deleteBucket'),
      cos('getService'),
    ]);

    expect(outcomes).toMatchObject([
      '404',
      { statusCode: 200 },
      { statusCode: 200 },
      'BucketAlreadyOwnedByYou',
      { headers: { 'content-length': String(CODE.length) } },
      '404',
      { statusCode: 200 },
      { Contents: [{ Key: 'ä b/ü+c.json', Size: '2' }], IsTruncated: 'false' },
      { Contents: [{ Key: 'a.zip' }], IsTruncated: 'true', NextMarker: 'a.zip' },
      'BucketNotEmpty',
      { statusCode: 200 },
      { statusCode: 204 },
      { Contents: [] },
      { statusCode: 204 },
      { Buckets: [] },
    ]);
  });

  it('refuses names of other accounts, and finds no buckets of other regions', async () => {
    expect(await call([{ ...STORE[0], parameters: { Bucket: 'code-1' } }])).toEqual([
      'InvalidArgument',
    ]);
    await call(STORE);
    expect(await call([cos('getBucket')], { region: 'ap-guangzhou' })).toEqual(['NoSuchBucket']);
  });
});
