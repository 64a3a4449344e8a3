// Serverless 3 loads plugins with require(), and this one must come before serverless-tencent-scf.
const { createRequire, Module } = require('node:module');
const endWith = require('./end-with.cjs');

const provider = createRequire(require.resolve('serverless-tencent-scf'));
loadProductsWhenAsked(createRequire(provider.resolve('serverless-tencent-tools')));

// Both addresses belong to an API Gateway that was shut down on 2025-06-30. The report's error is not caught, so
// without a network it ends every command; the answer of the other is needed before any deployment.
const tools = provider('serverless-tencent-tools');
tools.Others.DataReport.DataReport.prototype.report = async () => true;
tools.Account.GetUserAuthInfo.prototype.isAuth = async () => ({
  Error: false,
  Message: { Authentication: 1 },
});
// Credentials come from the environment (credentials.ts), not from a file in the home folder.
provider('./provider/tencentProvider').prototype.getCredentials = async () => {};
// check-service.ts checks events; it knows Function URLs.
provider('./shared/validate').validateEventsProperty = () => {};

/**
 * Loads the client of each Tencent product when it is first used. The vendor's old SDK loads all of them, which takes a
 * quarter of every command's time; three or four are used.
 */
function loadProductsWhenAsked(vendor) {
  const name = 'tencentcloud-sdk-nodejs';
  const stub = new Module(vendor.resolve(name), module);
  stub.exports = new Proxy(
    {},
    { get: (_, product) => vendor(`${name}/tencentcloud/${String(product)}`) },
  );
  stub.loaded = true;
  require.cache[stub.id] = stub;
}

let loading;

/** Returns plugin.ts, transpiled when it is loaded. */
function load() {
  loading ??= import('tsx/esm/api').then(({ tsImport }) => tsImport('./plugin.ts', __filename));
  return loading;
}

module.exports = class DeployPlugin {
  constructor(serverless, _options, { log, writeText }) {
    const start = async () => {
      const { createPlugin } = await load();
      return createPlugin(serverless, { note: (text) => log.notice(text), print: writeText });
    };
    let plugin;
    const run = (name) => async () => {
      plugin ??= start();
      const steps = await plugin;
      try {
        await steps[name]();
      } catch (error) {
        if (error.name !== 'DeployError') throw error;
        endWith(error.message);
      }
    };
    this.hooks = {
      initialize: run('initialize'),
      'before:package:createDeploymentArtifacts': run('package'),
      'before:logs:logs': run('lendCredentials'),
      'before:metrics:metrics': run('lendCredentials'),
      'deploy:deploy': run('deploy'),
      'deploy:function:deploy': run('deployFunction'),
      'deploy:list:log': run('listCode'),
      'info:info': run('info'),
      'invoke:invoke': run('invoke'),
      'remove:remove': run('remove'),
      'rollback:rollback': run('rollback'),
    };
  }
};
