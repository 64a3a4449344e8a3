import { createHmac, createSecretKey, randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { signUpload, type UploadSignatureParameters } from '../../lib/signing/upload-signature.ts';
import { compare, compareProcesses, type Ratio, warmUp } from './measure.ts';
import { meterProcessor } from './processor-time.ts';

const SECRET_KEY = 'vod-secret-key-example';
const JWT_SECRET = 'jwt-secret-example-of-at-least-32-bytes';
const PARAMETERS: UploadSignatureParameters = {
  secretId: 'AKIDexampleexampleexampleexample',
  currentTimeStamp: 1_790_000_000,
  expireTime: 1_790_003_600,
  random: 4_294_967_295,
  classId: 7,
  procedure: 'LongVideoPreset',
  sourceContext:
    '{"vu":2,"i":"01M814HM3KKVPS1MMJE5BCHREE","o":"user-42","m":"c","a":"b0ssMm4zqkF1uTdX"}',
  oneTimeValid: 1,
  vodSubAppId: 1_500_000_001,
  storageRegion: 'ap-singapore',
};
const BODY = JSON.stringify({
  classId: 7,
  procedure: 'LongVideoPreset',
  oneTimeValid: true,
  storageRegion: 'ap-singapore',
});

type Handler = (event: object, context: object) => Promise<{ statusCode: number; body: string }>;

/** Computes the sample of https://cloud.tencent.com/document/product/266/9221 in the steps of that page. */
function signAsDocumented(): string {
  const original = new URLSearchParams(
    Object.entries(PARAMETERS).map(([name, value]): [string, string] => [name, String(value)]),
  ).toString();
  const mac = createHmac('sha1', SECRET_KEY).update(Buffer.from(original, 'utf8')).digest();
  return Buffer.concat([mac, Buffer.from(original, 'utf8')]).toString('base64');
}

/** Loads a built function as the platform does, with its own environment. */
function load(file: string, environment: Readonly<Record<string, string>>): Handler {
  Object.assign(process.env, environment);
  const require = createRequire(file);
  delete require.cache[file];
  const handler: Handler = require(file).main_handler;
  return handler;
}

async function callable(handler: Handler, headers: Readonly<Record<string, string>>) {
  const event = {
    httpMethod: 'POST',
    path: '/',
    headers: { accept: '*/*', 'x-scf-remote-addr': '203.0.113.9', ...headers },
    queryString: {},
    body: BODY,
  };
  const context = { request_id: '3b1d5b1e-6c61-4b6f-9c10-2b9f64e1f0aa' };
  const { statusCode, body } = await handler(event, context);
  if (statusCode !== 200) throw new Error(`The function answered ${statusCode}: ${body}`);
  return () => handler(event, context);
}

/** Costs of one signature. */
interface SigningCosts {
  /** In units of a raw HMAC of the same text: that HMAC, the signature, and the built function without and with a JWT. */
  readonly overHmac: readonly Ratio[];
  /** In units of the documented sample: that sample, and the signature. */
  readonly overSample: readonly Ratio[];
}

/**
 * Measures one signature against a raw HMAC of the same text, alone and in the built function. Nothing in it waits, so
 * processor time is what it costs, and other work on the machine changes that less than the time that passes.
 */
export async function measureSigning(signatureFile: string): Promise<SigningCosts> {
  const key = createSecretKey(Buffer.from(SECRET_KEY));
  const original = Buffer.from(signUpload(PARAMETERS, key), 'base64').subarray(20);
  const vod = { VOD_SECRET_ID: PARAMETERS.secretId, VOD_SECRET_KEY: SECRET_KEY };
  // Each copy reads its environment at its first call, so that call is made before the next one is loaded.
  const open = await callable(load(signatureFile, { ...vod, AUTH: 'none' }), {});
  process.env['AUTH'] = 'jwt';
  const token = await new SignJWT({ scope: 'upload:sign' })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject('user-42')
    .setExpirationTime('1h')
    .sign(Buffer.from(JWT_SECRET));
  const closed = await callable(load(signatureFile, { ...vod, AUTH_JWT_SECRET: JWT_SECRET }), {
    authorization: `Bearer ${token}`,
  });
  const signed = {
    name: 'signUpload()',
    run: () => signUpload({ ...PARAMETERS, random: randomInt(2 ** 32) }, key),
  };
  const cases = [
    {
      name: 'raw HMAC-SHA1 of the same text',
      run: () => createHmac('sha1', SECRET_KEY).update(original).digest(),
    },
    signed,
    { name: 'signature function, AUTH=none', run: open },
    { name: 'signature function, known JWT', run: closed },
  ];
  const sample = { name: 'the documented sample', run: signAsDocumented };
  await warmUp([...cases, sample]);
  return {
    overHmac: await compare(cases, meterProcessor),
    overSample: await compare([sample, signed], meterProcessor),
  };
}

/** Measures fresh processes that load the built `signature` function. */
export async function measureSignatureStart(
  folder: string,
  signatureFile: string,
): Promise<readonly Ratio[]> {
  const empty = join(folder, 'empty.js');
  await writeFile(empty, 'exports.main_handler = async () => ({ statusCode: 200 });');
  const scripts = [
    { name: 'process that loads an empty handler', file: empty },
    { name: 'process that loads signature', file: signatureFile },
  ];
  const loaders = await Promise.all(
    scripts.map(async ({ name, file }, index) => {
      const loader = join(folder, `load-${index}.js`);
      await writeFile(loader, `require(${JSON.stringify(file)});`);
      return { name, file: loader };
    }),
  );
  return compareProcesses(loaders);
}
