import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPlugin } from '../../../tools/deploy/plugin.ts';

/** Variables that have to do with who deploys. */
const CREDENTIALS = [
  ...['TENCENT_SECRET_ID', 'TENCENT_SECRET_KEY', 'TENCENT_TOKEN'],
  ...['TENCENTCLOUD_SECRET_ID', 'TENCENTCLOUD_SECRET_KEY'],
];

beforeEach(() => {
  for (const name of CREDENTIALS) vi.stubEnv(name, '');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

/** Returns the plugin where Serverless was called with this command. */
function pluginOf(command: string) {
  const hooks = { 'deploy:deploy': [{ pluginName: 'TencentDeploy' }, { pluginName: 'Other' }] };
  const pluginManager = { cliOptions: {}, hooks };
  const steps = createPlugin(
    {
      service: { service: 'vod-upload', provider: {}, functions: {}, package: {} },
      serviceDir: '/nowhere',
      processedInput: { commands: command.split(' ') },
      pluginManager,
      cli: { log: () => undefined },
      classes: { Error },
    },
    { note: () => undefined, print: () => undefined },
  );
  return { steps, hooks };
}

describe('the first step of a command', () => {
  it.each([
    ...['deploy', 'deploy function', 'deploy list', 'info', 'invoke', 'logs', 'metrics', 'remove'],
    'rollback',
  ])('says of %s that there are no credentials, before anything is built', async (command) => {
    await expect(pluginOf(command).steps.initialize()).rejects.toThrow(
      'set TENCENT_SECRET_ID and TENCENT_SECRET_KEY',
    );
  });

  it('asks for none where nothing reaches the cloud', async () => {
    await expect(pluginOf('package').steps.initialize()).resolves.toBeUndefined();
  });

  it('keeps serverless-tencent-scf from what is done here, and nobody else from anything', async () => {
    const { steps, hooks } = pluginOf('package');
    await steps.initialize();

    expect(hooks['deploy:deploy']).toEqual([{ pluginName: 'Other' }]);
  });
});
