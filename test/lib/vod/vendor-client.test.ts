import { describe, expect, it } from 'vitest';
import { defined } from '../../../lib/validation/json-object.ts';
import { createVendorClient } from '../../../lib/vod/vendor-client.ts';
import { startVodServer, succeed } from '../../support/vod-server.ts';

describe('createVendorClient()', () => {
  it.each([
    ['keeps its connection open', undefined, 1],
    ['opens a connection for each call if asked to', false, 3],
  ])('%s', async (_, keepsOpen, connections) => {
    const server = await startVodServer((response) => succeed(response));
    const { endpoint } = server;
    const client = createVendorClient(
      { endpoint, protocol: 'http', region: undefined, ...defined({ keepsOpen }) },
      () => ({ secretId: 'AKIDexample', secretKey: 'example', token: undefined }),
    );

    for (let call = 0; call < 3; call += 1) await client.request('DescribeSubAppIds', {});
    expect(server.connections()).toBe(connections);
    await server.close();
  });
});
