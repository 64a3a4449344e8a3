import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { newFile, STACK_CHANGE } from '../support/clients/client-stage.ts';
import { describeClient } from '../support/clients/describe-client.ts';
import { basicInfoOf } from '../support/clients/scenarios.ts';
import { useBrowserStage } from './browser-stage.ts';
import { createWebClient } from './web-client.ts';

const stage = useBrowserStage(() => STACK_CHANGE, { per: 'file' });

const clientOf = (sdk: string) => createWebClient(stage, fileURLToPath(sdk));
const CLIENTS = {
  'Web 1.4.4': clientOf(import.meta.resolve('vod-js-sdk-v6-1.4.4/dist/vod-js-sdk-v6.js')),
  'Web 1.4.14': clientOf(import.meta.resolve('vod-js-sdk-v6-1.4.14/dist/vod-js-sdk-v6.js')),
  'Web 1.6.2': clientOf(import.meta.resolve('vod-js-sdk-v6-1.6.2/dist/vod-js-sdk-v6.js')),
  'Web 1.7.3': clientOf(import.meta.resolve('vod-js-sdk-v6-1.7.3/dist/vod-js-sdk-v6.js')),
  'Web 1.8.0': clientOf(import.meta.resolve('vod-js-sdk-v6/dist/vod-js-sdk-v6.js')),
};

for (const [name, client] of Object.entries(CLIENTS)) describeClient(name, client, stage);

describe('a version that cannot set an expiry', () => {
  it.each(['Web 1.4.4', 'Web 1.4.14', 'Web 1.6.2'] as const)(
    '%s uploads a media without the expiry that its app asks for',
    async (name) => {
      const { fileId } = await CLIENTS[name].upload({
        media: newFile('film.mp4', 1_000),
        wish: { expireTime: '2098-01-01T00:00:00Z' },
      });

      expect(await basicInfoOf(stage.stack, fileId)).toMatchObject({
        ExpireTime: '9999-12-31T23:59:59Z',
      });
    },
  );
});
