// Calls the cloud with the vendor's own clients: those in serverless-tencent-scf, which sign in the older way or with
// TC3. It is a separate process, since a preload redirects it to the cloud of the tests.
'use strict';
const { createRequire } = require('node:module');
const { promisify } = require('node:util');

const plugin = createRequire(require.resolve('serverless-tencent-scf'));
const sdk = plugin('tencentcloud-sdk-nodejs');
const ClientProfile = plugin(
  'tencentcloud-sdk-nodejs/tencentcloud/common/profile/client_profile.js',
);
const COS = plugin('cos-nodejs-sdk-v5');

const VERSIONS = { cam: 'v20190116', monitor: 'v20180724', scf: 'v20180416', tag: 'v20180813' };

function callApi({ service, action, parameters }, { key, region, signMethod }) {
  const { Client, Models } = sdk[service][VERSIONS[service]];
  const credential = key.token
    ? new sdk.common.Credential(key.secretId, key.secretKey, key.token)
    : new sdk.common.Credential(key.secretId, key.secretKey);
  const client = new Client(credential, region, new ClientProfile(signMethod));
  const request = new Models[`${action}Request`]();
  request.from_json_string(JSON.stringify(parameters));
  return promisify(client[action].bind(client))(request);
}

function callCos({ action, parameters }, { key, region }) {
  const cos = new COS({
    SecretId: key.secretId,
    SecretKey: key.secretKey,
    ...(key.token ? { SecurityToken: key.token } : {}),
  });
  const { Body, ...others } = parameters;
  const body = Body === undefined ? {} : { Body: Buffer.from(Body, 'base64') };
  return cos[action]({ Region: region, ...others, ...body });
}

async function perform(call, options) {
  try {
    const answer = await (call.service === 'cos' ? callCos : callApi)(call, options);
    return { answer };
  } catch (error) {
    const code = error.error?.Code ?? error.code ?? String(error.statusCode ?? 'none');
    return { refusal: code, message: String(error.error?.Message ?? error.message) };
  }
}

process.on('message', async ({ calls, options }) => {
  const outcomes = [];
  for (const call of calls) outcomes.push(await perform(call, options));
  process.send(outcomes);
});
process.on('disconnect', () => process.exit());
