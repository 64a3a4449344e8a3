import { createRequire } from 'node:module';
import COS3 from 'cos-nodejs-sdk-v5';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { STACK_CHANGE } from '../../../support/clients/client-stage.ts';
import { describeClient } from '../../../support/clients/describe-client.ts';
import { createApiClient, createServerSdkClient } from '../../../support/clients/server-client.ts';
import { useStack } from '../../../support/stack-stage.ts';

// The upload SDK brings the older storage client.
const load = createRequire(import.meta.resolve('vod-node-sdk'));
const COS2: typeof COS3 = load('cos-nodejs-sdk-v5');

const stage = useStack(() => STACK_CHANGE, { per: 'file' });

beforeAll(() => {
  // Otherwise the storage client inside the upload SDK writes its files into the home directory.
  vi.stubEnv('XDG_CONFIG_HOME', stage.dir);
});
afterAll(() => {
  vi.unstubAllEnvs();
});

describeClient('Node.js 1.1.0', createServerSdkClient(stage), stage);
describeClient('API and COS 3.0.0', createApiClient(stage, COS3), stage);
describeClient('API and COS 2.15.4', createApiClient(stage, COS2), stage);

describe('the versions of these clients', () => {
  it('are those of the page', () => {
    expect([COS2.version, COS3.version]).toEqual(['2.15.4', '3.0.0']);
  });
});
