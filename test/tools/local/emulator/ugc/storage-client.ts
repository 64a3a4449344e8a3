import { createHash, createHmac } from 'node:crypto';
import type { UgcData } from './upload-client.ts';

/** The part of an Apply answer that a PUT needs. */
type PutTarget = Pick<
  UgcData,
  'storageBucket' | 'storageAppId' | 'storageRegionV5' | 'timestamp' | 'tempCertificate'
>;

const hmac = (key: string, text: string) => createHmac('sha1', key).update(text).digest('hex');

/** Returns a COS signature of a PUT without headers and parameters, computed by the COS documentation. */
function signPut(data: PutTarget, path: string): string {
  const { secretId, secretKey } = data.tempCertificate;
  const time = `${data.timestamp};${data.tempCertificate.expiredTime}`;
  const digest = createHash('sha1').update(`put\n${path}\n\n\n`).digest('hex');
  const signature = hmac(hmac(secretKey, time), `sha1\n${time}\n${digest}\n`);
  return [
    'q-sign-algorithm=sha1',
    `q-ak=${secretId}`,
    `q-sign-time=${time}`,
    `q-key-time=${time}`,
    'q-header-list=',
    'q-url-param-list=',
    `q-signature=${signature}`,
  ].join('&');
}

/** Stores bytes at the path and with the credentials of an Apply answer. */
export function putObject(
  origin: string,
  data: PutTarget,
  path: string,
  bytes: Buffer<ArrayBuffer>,
): Promise<Response> {
  const bucket = `${data.storageBucket}-${data.storageAppId}`;
  const host = `${bucket}.cos.${data.storageRegionV5}.myqcloud.com`;
  return fetch(`${origin}/${host}${path}`, {
    method: 'PUT',
    headers: {
      Authorization: signPut(data, path),
      'x-cos-security-token': data.tempCertificate.token,
    },
    body: bytes,
  });
}
