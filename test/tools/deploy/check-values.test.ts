import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkValues } from '../../../tools/deploy/check-values.ts';
import type { FunctionSpec } from '../../../tools/deploy/service.ts';

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
const KEY = { VOD_SECRET_ID: 'AKIDexample', VOD_SECRET_KEY: 'secret-key-example' };

describe('checkValues()', () => {
  it('takes functions that would serve', () => {
    const functions = [
      specOf('signature', { ...CALLERS, ...KEY }),
      specOf('pull', CALLERS, 'VodUpload'),
      specOf('callback', { CALLBACK_SIGN_KEYS: 'SignKey' }, 'VodUpload'),
      specOf('uploads', CALLERS),
      specOf('sweep', { DATABASE_URL: 'postgres://ledger.example.com/ledger' }, 'VodUpload'),
    ];

    expect(() => checkValues({ functions })).not.toThrow();
  });

  it('says of every function what its callers would meet as a 500', () => {
    const functions = [
      specOf('signature', { AUTH_JWT_SECRET: 'too-short-to-be-one' }),
      specOf('pull', { ...CALLERS, PULL_PORTS: 'not-ports' }, ''),
      specOf('callback', { WEBHOOK_ENDPOINTS: 'not-json' }, 'VodUpload'),
    ];
    const check = () => checkValues({ functions });

    expect(check).toThrow(
      /signature: .*AUTH_JWT_SECRET.*VOD_SECRET_ID.*VOD_SECRET_KEY.*pull: has no role: set VOD_ROLE.*pull: .*PULL_PORTS.*callback: .*CALLBACK_SIGN_KEYS.*callback: .*WEBHOOK_ENDPOINTS/s,
    );
    expect(check).not.toThrow(/too-short-to-be-one|not-ports|not-json/);
  });

  it.each(FUNCTIONS)('knows what %s reads', (name) => {
    expect(() => checkValues({ functions: [specOf(name, {})] })).toThrow(`${name}: `);
  });
});
