import { describe, expect, it } from 'vitest';
import { createHide } from '../../../tools/deploy/cloud/api.ts';
import { listSecrets } from '../../../tools/deploy/list-secrets.ts';

const SECRET = {
  VOD_SECRET_ID: 'AKIDexample',
  VOD_SECRET_KEY: 'upload-key-example',
  VOD_PREVIOUS_SECRET_KEY: 'former-key-example',
  AUTH_JWT_SECRET: 'caller-secret-example-of-32-bytes',
  CALLBACK_SIGN_KEYS: 'FirstSignKey, SecondSignKey',
  DATABASE_URL: 'postgres://ledger:p%40ssword@db.example.com:5432/ledger?password=qu%2Bery&x=y',
  WEBHOOK_ENDPOINTS: JSON.stringify([
    { url: 'https://hooks.example.com/T01/x?token=y', secret: 'whsec_first whsec_second' },
  ]),
};
const OPEN = {
  AUTH_JWKS_URL: 'https://login.example.com/.well-known/jwks.json',
  AUTH_JWT_AUDIENCE: 'vod-upload',
  AUTH_JWT_ISSUER: 'https://login.example.com',
  CORS_ORIGINS: 'https://app.example.com',
  PULL_HOSTS: 'media.example.com',
  VOD_SUB_APP_ID: '1500000001',
  VOD_REGION: 'ap-singapore',
  EVENT_BUS_ID: 'eb-0a1b2c3d',
  EVENT_BUS_REGION: 'ap-singapore',
  WEBHOOK_PORTS: '8443',
};
const hide = createHide(listSecrets({ ...SECRET, ...OPEN }));

describe('listSecrets()', () => {
  it.each(Object.entries(SECRET))('lists the value of %s', (_name, value) => {
    expect(hide(`refused: ${value}.`)).toBe('refused: ***.');
  });

  it.each([
    ['one of several keys', 'SecondSignKey'],
    ["a database's password", 'p%40ssword'],
    ["a database's decoded password", 'p@ssword'],
    ["a database's password in the query", 'qu%2Bery'],
    ["an endpoint's secrets", 'whsec_first whsec_second'],
    ["one of an endpoint's secrets", 'whsec_second'],
    [
      "an endpoint's address, which may itself be the secret",
      'https://hooks.example.com/T01/x?token=y',
    ],
  ])('lists %s separately, so that it is hidden wherever the cloud quotes it', (_what, value) => {
    expect(hide(`{"Value":"${value}"}`)).toBe('{"Value":"***"}');
  });

  it.each(Object.entries(OPEN))('does not hide %s', (_name, value) => {
    const text = `vod-upload-dev-pull in ap-singapore: ${value}`;

    expect(hide(text)).toBe(text);
  });

  it('lists the password in any other address', () => {
    expect(listSecrets({ MIRROR: 'https://user:passw0rd@example.com/' })).toContain('passw0rd');
  });

  it('treats invalid endpoints as one secret', () => {
    expect(listSecrets({ WEBHOOK_ENDPOINTS: '{ not JSON' })).toEqual(['{ not JSON']);
    expect(listSecrets({ WEBHOOK_ENDPOINTS: '"text"' })).toEqual(['"text"']);
  });
});
