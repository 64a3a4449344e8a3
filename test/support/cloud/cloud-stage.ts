import { afterAll, beforeAll, beforeEach } from 'vitest';
import { forward } from '../forward.ts';
import { useRequirement } from '../requirement.ts';
import { CLOUD_ACCOUNT } from './account.ts';
import { type Cloud, startCloud } from './cloud.ts';
import { writeZip } from './code-zip.ts';
import { startVendor, type Vendor, type VendorCall, type VendorOptions } from './vendor-calls.ts';

/** Code of a function that returns what it is called with, and what it finds around it. */
export const CODE = writeZip({
  'index.js': `exports.main_handler = async (event, context) => {
    console.log('called');
    return { event, environment: process.env, name: context.function_name, files: require('node:fs').readdirSync('.'),
      left: context.getRemainingTimeInMillis() };
  };`,
});

/** Returns a call of the storage, about the bucket of the tests. */
export const cos = (action: string, parameters: object = {}): VendorCall => ({
  service: 'cos',
  action,
  parameters: { Bucket: `code-${CLOUD_ACCOUNT.appId}`, ...parameters },
});
/** Returns a call of the functions, about the one of the tests. */
export const scf = (action: string, parameters: object = {}): VendorCall => ({
  service: 'scf',
  action,
  parameters: { FunctionName: 'hello', ...parameters },
});
/** Stores {@link CODE}. */
export const STORE = [
  cos('putBucket'),
  cos('putObject', { Key: 'a.zip', Body: CODE.toString('base64') }),
] as const;
/** Creates a function of what {@link STORE} stores. */
export const CREATE = scf('CreateFunction', {
  Code: { CosBucketName: 'code', CosObjectName: '/a.zip' },
  Handler: 'index.main_handler',
  Runtime: 'Nodejs20.19',
  Timeout: 5,
  Environment: { Variables: [{ Key: 'WORD', Value: 'a=b&c d é' }] },
});
export const GET = scf('GetFunction');

/** Gives the tests of the file a cloud, empty for each, and calls of it by the vendor's clients. */
export function useCloud() {
  let cloud: Cloud;
  let vendor: Vendor;
  const hasOpenssl = useRequirement('openssl');
  beforeAll(async () => {
    if (!hasOpenssl) return;
    cloud = await startCloud();
    vendor = startVendor(cloud);
  });
  afterAll(async () => {
    if (!hasOpenssl) return;
    vendor.close();
    await cloud.close();
  });
  beforeEach(() => cloud.reset());
  return {
    cloud: forward(() => cloud),
    /** Returns the answer of each call, or the code with which it is refused. */
    async call(calls: readonly VendorCall[], options?: VendorOptions) {
      const outcomes = await vendor.call(calls, options);
      return outcomes.map((outcome) => outcome.refusal ?? outcome.answer);
    },
  };
}
