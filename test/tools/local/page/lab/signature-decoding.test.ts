import { expect, test } from 'vitest';
import { decodeSignature } from '../../../../../tools/local/page/lab/signature-decoding.ts';

test('decodeSignature() splits a signature into its MAC and its parameters', () => {
  const query =
    'secretId=AKIDexample&currentTimeStamp=1700000000&sourceContext=%7B%22u%22%3A%22%C3%A4%22%7D';
  const mac = Buffer.from('00ff102030405060708090a0b0c0d0e0f0010203', 'hex');
  const signature = Buffer.concat([mac, Buffer.from(query)]).toString('base64');

  expect(decodeSignature(signature)).toEqual({
    mac: mac.toString('hex'),
    parameters: [
      { name: 'secretId', value: 'AKIDexample' },
      { name: 'currentTimeStamp', value: '1700000000', at: new Date(1_700_000_000_000) },
      { name: 'sourceContext', value: '{"u":"ä"}' },
    ],
  });
});
