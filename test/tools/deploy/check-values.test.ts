import { hash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MEDIA_TYPE_LIST } from '../../../lib/validation/media-type.ts';
import { checkValues } from '../../../tools/deploy/check-values.ts';
import type { FunctionSpec } from '../../../tools/deploy/service.ts';
import { readSettings } from '../../../tools/deploy/settings.ts';

function specOf(
  key: string,
  environment: Readonly<Record<string, string>>,
  role?: string,
): FunctionSpec {
  return {
    ...{ key, name: key, description: '', handler: '', runtime: '', memorySize: 128, timeout: 3 },
    ...{ role, vpc: undefined, environment, triggers: [] },
  };
}

const FUNCTIONS = readdirSync(new URL('../../../functions', import.meta.url)).map((file) =>
  file.replace('.ts', ''),
);
const CALLERS = { AUTH_JWT_SECRET: 'caller-secret-example-of-32-bytes' };
const NO_SETTINGS = '{}\n';
const API_KEY = {
  name: 'importer',
  sha256: hash('sha256', 'made-up API key'),
  scopes: ['upload:sign', 'upload:pull'],
};
const CONTEXTS = { SOURCE_CONTEXT_KEYS: 'context-key-example-of-32-letters' };
const CALLBACK = { CALLBACK_SIGN_KEYS: 'SignKey', ...CONTEXTS };
const KEY = { VOD_SECRET_ID: 'AKIDexample', VOD_SECRET_KEY: 'secret-key-example' };

describe('checkValues()', () => {
  it('accepts functions that can serve', () => {
    const functions = [
      specOf('signature', { ...CALLERS, ...KEY }),
      specOf('pull', { ...CALLERS, ...CONTEXTS }, 'VodUpload'),
      specOf('callback', CALLBACK, 'VodUpload'),
      specOf('uploads', CALLERS),
      specOf(
        'sweep',
        { ...CONTEXTS, DATABASE_URL: 'postgres://ledger.example.com/ledger' },
        'VodUpload',
      ),
    ];

    expect(() => checkValues({ functions, settings: NO_SETTINGS })).not.toThrow();
  });

  it('reports for every function what would make it answer 500', () => {
    const functions = [
      specOf('signature', { AUTH_JWT_SECRET: 'too-short-to-be-one' }),
      specOf('pull', { ...CALLERS, PULL_PORTS: 'not-ports' }, ''),
      specOf('callback', { WEBHOOK_ENDPOINTS: 'not-json' }, 'VodUpload'),
    ];
    const check = () => checkValues({ functions, settings: NO_SETTINGS });

    expect(check).toThrow(
      /signature: .*AUTH_JWT_SECRET.*VOD_SECRET_ID.*VOD_SECRET_KEY.*pull: has no role: set VOD_ROLE.*pull, callback: SOURCE_CONTEXT_KEYS.*PULL_PORTS.*callback: .*CALLBACK_SIGN_KEYS.*callback: .*WEBHOOK_ENDPOINTS/s,
    );
    expect(check).not.toThrow(/too-short-to-be-one|not-ports|not-json/);
  });

  it('refuses a grace period that is longer than the life of any signature', () => {
    const check = (SOURCE_CONTEXT_V1_UNTIL: string) => () => {
      const callback = specOf('callback', { ...CALLBACK, SOURCE_CONTEXT_V1_UNTIL }, 'VodUpload');
      checkValues({ functions: [callback], settings: NO_SETTINGS }, () => Date.UTC(2026, 0, 1));
    };

    expect(check('2026-04-01T00:00:00Z')).not.toThrow();
    expect(check('2026-04-01T00:00:01Z')).toThrow(/callback: .*must be at most 90 days ahead/);
    expect(check('soon')).toThrow(/callback: .*SOURCE_CONTEXT_V1_UNTIL must be an ISO 8601 time/);
  });

  it("refuses a grace period for the own application's key that is longer than necessary", () => {
    const check = (CALLBACK_SHARED_SIGN_KEY_UNTIL: string) => () => {
      const variables = { ...CALLBACK, CALLBACK_SHARED_SIGN_KEY_UNTIL };
      const callback = specOf('callback', variables, 'VodUpload');
      checkValues({ functions: [callback], settings: NO_SETTINGS }, () => Date.UTC(2026, 0, 1));
    };

    expect(check('2026-01-08T00:00:00Z')).not.toThrow();
    expect(check('2026-01-08T00:00:01Z')).toThrow(
      /callback: CALLBACK_SHARED_SIGN_KEY_UNTIL must be at most 7 days ahead/,
    );
    expect(check('soon')).toThrow(/callback: CALLBACK_SHARED_SIGN_KEY_UNTIL must be an ISO 8601/);
  });

  it('reports invisible characters and quotation marks in the names of the role and the private network', () => {
    const spec = {
      ...specOf('uploads', CALLERS, 'Vod\u200bUpload'),
      vpc: { vpcId: 'vpc-\u00ad1', subnetId: '"subnet-1"' },
    };

    expect(() => checkValues({ functions: [spec], settings: NO_SETTINGS })).toThrow(
      /VOD_ROLE has in it an invisible character \(U\+200B\).*VPC_ID has in it an invisible character \(U\+00AD\).*SUBNET_ID is in quotation marks/s,
    );
  });

  it.each(FUNCTIONS)('knows the variables of %s', (name) => {
    expect(() => checkValues({ functions: [specOf(name, {})], settings: NO_SETTINGS })).toThrow(
      `${name}: `,
    );
  });

  it.each<[string, Readonly<Record<string, string>>, object, string]>([
    [
      'API keys if authentication is off',
      { AUTH: 'none' },
      { keys: [API_KEY] },
      'Cannot serve with these settings: keys must not be set while AUTH is none',
    ],
    [
      'API keys as the only authentication, without any key',
      { AUTH: 'keys' },
      {},
      'Cannot serve with these settings: keys must have at least one key, since AUTH is keys',
    ],
    [
      'a quota of open uploads without a database',
      CALLERS,
      { policy: { profiles: { default: { quotas: { openUploads: 3 } } } } },
      'policy.profiles.default.quotas.openUploads counts what only a database records: set DATABASE_URL',
    ],
    [
      'a quota of bytes without a database',
      CALLERS,
      { policy: { profiles: { default: { quotas: { bytesPerDay: 3 } } } } },
      'policy.profiles.default.quotas.bytesPerDay counts what only a database records: set DATABASE_URL',
    ],
    [
      'a profile whose media types leave no room for its callers',
      CALLERS,
      { policy: { profiles: { default: { mediaTypes: MEDIA_TYPE_LIST.split(', ') } } } },
      'policy.profiles.default.mediaTypes leaves no room for the id of a user with 36 characters in the 250 bytes that VOD stores',
    ],
  ])('refuses %s', (_what, variables, upload, words) => {
    const functions = [
      specOf('signature', { ...KEY, ...variables }),
      specOf('pull', { ...CONTEXTS, ...variables }, 'VodUpload'),
    ];
    const check = () => checkValues({ functions, settings: readSettings({ upload }) });

    expect(check).toThrow(`signature, pull: ${words}`);
  });

  it('accepts quotas that need a database if there is one, and API keys for the functions that use them', () => {
    const quotas = { signaturesPerMinute: 3, openUploads: 3, bytesPerDay: 3 };
    const upload = { keys: [API_KEY], policy: { profiles: { default: { quotas } } } };
    const variables = { AUTH: 'keys', DATABASE_URL: 'postgres://ledger.example.com/ledger' };
    const functions = [
      specOf('signature', { ...KEY, ...variables }),
      specOf('pull', { ...CONTEXTS, ...variables }, 'VodUpload'),
      specOf('uploads', variables),
      specOf('callback', CALLBACK, 'VodUpload'),
    ];

    expect(() => checkValues({ functions, settings: readSettings({ upload }) })).not.toThrow();
  });

  it('requires the service’s own application if tenants have others', () => {
    const upload = { policy: { tenants: { claim: 'tenant', subAppIds: { acme: 1_500_000_002 } } } };
    const check = (own: Readonly<Record<string, string>>) => () => {
      const functions = [
        specOf('signature', { ...KEY, ...CALLERS, ...own }),
        specOf('callback', { ...CALLBACK, ...own }, 'VodUpload'),
        specOf('uploads', CALLERS),
      ];
      checkValues({ functions, settings: readSettings({ upload }) });
    };

    expect(check({ VOD_SUB_APP_ID: '1500000001' })).not.toThrow();
    expect(check({})).toThrow(
      /signature, callback: .*VOD_SUB_APP_ID must be set where there are tenants/,
    );
    expect(check({})).not.toThrow(/uploads/);
  });

  it('accepts tokens that are verified with public keys, from any host except this machine', () => {
    const check = (AUTH_JWKS_URL: string) => () =>
      checkValues({
        functions: [specOf('uploads', { AUTH_JWKS_URL, AUTH_JWT_AUDIENCE: 'vod-upload' })],
        settings: NO_SETTINGS,
      });

    expect(check('https://login.example.com/.well-known/jwks.json')).not.toThrow();
    expect(check('http://127.0.0.1:8080/jwks.json')).toThrow(
      /uploads: .*AUTH_JWKS_URL must be an https URL/,
    );
  });
});
