import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPlugin } from '../../../tools/deploy/plugin.ts';

/** Variables with the deployer's credentials. */
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

/** Returns the plugin as Serverless creates it for this command. */
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
  ])('reports missing credentials for %s, before anything is built', async (command) => {
    await expect(pluginOf(command).steps.initialize()).rejects.toThrow(
      'set TENCENT_SECRET_ID and TENCENT_SECRET_KEY',
    );
  });

  it('needs no credentials if the command does not call the cloud', async () => {
    await expect(pluginOf('package').steps.initialize()).resolves.toBeUndefined();
  });

  it('removes the hooks of serverless-tencent-scf that this project replaces, and no others', async () => {
    const { steps, hooks } = pluginOf('package');
    await steps.initialize();

    expect(hooks['deploy:deploy']).toEqual([{ pluginName: 'Other' }]);
  });
});
