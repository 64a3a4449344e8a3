import { describe, expect, it } from 'vitest';
import { checkService } from '../../../tools/deploy/check-service.ts';
import type { FunctionSpec, Service } from '../../../tools/deploy/service.ts';

const SPEC: FunctionSpec = {
  key: 'pull',
  name: 'vod-upload-dev-pull',
  description: 'Pulls media, and more.',
  handler: 'pull.main_handler',
  runtime: 'Nodejs20.19',
  memorySize: 128,
  timeout: 60,
  role: undefined,
  vpc: undefined,
  environment: { AUTH: 'none' },
  triggers: [
    { type: 'http', name: 'url', enable: true, path: '/pull' },
    { type: 'timer', name: 'every-minute', enable: true, cron: '0 * * * * * *' },
  ],
};
const FILES = [{ name: 'pull.js', content: Buffer.from('code') }];

function serviceOf(change: Partial<FunctionSpec>, more: Partial<Service> = {}): Service {
  return {
    name: 'vod-upload',
    stage: 'dev',
    region: 'ap-singapore',
    bucket: undefined,
    functions: [{ ...SPEC, ...change }],
    ...{ leftOut: [], removes: [] },
    settings: '{}\n',
    ...more,
  };
}

/** The limit applies to names and values together. */
const variables = (bytes: number) => ({ AB: 'x'.repeat(bytes - 2) });

describe('checkService()', () => {
  it.each<Partial<FunctionSpec>>([
    {},
    { runtime: 'Nodejs22.21' },
    { runtime: 'Nodejs24.11' },
    { memorySize: 64 },
    { memorySize: 3_072 },
    { timeout: 900 },
    { name: 'a'.repeat(60) },
    { environment: variables(4_096) },
    { vpc: { vpcId: 'vpc-1', subnetId: 'subnet-1' } },
    { description: '函数, 一.' },
  ])('accepts a function with %j', (change) => {
    expect(() => checkService(serviceOf(change), FILES)).not.toThrow();
  });

  it.each<[Partial<FunctionSpec>, string]>([
    [{ name: 'a'.repeat(61) }, '2 to 60 letters'],
    [{ name: 'vod upload-pull' }, '2 to 60 letters'],
    [{ name: '1vod-pull' }, 'begin with a letter'],
    [{ name: 'vod-pull-' }, 'end in a letter or digit'],
    [{ handler: 'functions/pull.main_handler' }, 'handler "functions/pull.main_handler" must be'],
    [{ handler: 'pull' }, 'handler "pull" must be'],
    [{ handler: 'sweep.main_handler' }, 'sweep.js, which is not built'],
    [{ handler: `pull.${'m'.repeat(60)}` }, 'in 60 characters'],
    [{ runtime: '' }, 'RUNTIME must be Nodejs20.19, Nodejs22.21 or Nodejs24.11, on which'],
    [{ runtime: 'nodejs22.21' }, 'and is nodejs22.21'],
    [{ runtime: 'Nodejs18.15' }, 'and is Nodejs18.15'],
    [{ runtime: 'Nodejs22.12' }, 'and is Nodejs22.12'],
    [{ runtime: '24' }, 'and is 24'],
    [{ memorySize: 100 }, 'must be 64, or a multiple of 128'],
    [{ memorySize: 0 }, 'must be 64, or a multiple of 128'],
    [{ memorySize: 3_200 }, 'must be at most 3072'],
    [{ timeout: 0 }, 'from 1 to 900'],
    [{ timeout: 901 }, 'from 1 to 900'],
    [{ timeout: 1.5 }, 'from 1 to 900'],
    [{ description: 'What? This!' }, 'description must have'],
    [{ vpc: { vpcId: 'vpc-1', subnetId: '' } }, 'both vpcId and subnetId'],
    [{ environment: { '1A': 'x' } }, 'variable 1A must have'],
    [{ environment: { A: 'x' } }, 'variable A must have 2 to 64'],
    [{ environment: { SCF_NAME: 'x' } }, 'SCF_NAME has a name that the platform reserves'],
    [{ environment: { TENCENTCLOUD_SECRETID: 'x' } }, 'that the platform reserves'],
    [{ environment: variables(4_097) }, 'has 4097 bytes of names and values, and SCF accepts 4096'],
    [{ environment: { AB: '한'.repeat(1_365) } }, 'has 4097 bytes'],
    [{ triggers: [...SPEC.triggers, ...SPEC.triggers] }, 'the same type and name'],
    [
      { triggers: [{ type: 'timer', name: 'a b', enable: true, cron: '0 * * * * * *' }] },
      'timer a b must have a name',
    ],
    [
      { triggers: [{ type: 'timer', name: 'a', enable: true, cron: '* * * * *' }] },
      'cronExpression of timer a must have 7 fields',
    ],
  ])('refuses %j', (change, words) => {
    expect(() => checkService(serviceOf(change), FILES)).toThrow(words);
  });

  it.each(['ap-beijing-1', 'ap-shanghai-fsi'])('accepts the region %s', (region) => {
    expect(() => checkService(serviceOf({}, { region }), FILES)).not.toThrow();
  });

  it('reports all problems together, without the values of variables', () => {
    const wrong = { timeout: 0, memorySize: 1, environment: { A: 'hidden-value' } };
    const check = () => checkService(serviceOf(wrong, { region: 'Mars', bucket: 'A_B' }), FILES);

    expect(check).toThrow(/Mars.*cosBucket.*pull: memorySize 1.*pull: timeout 0.*variable A/s);
    expect(check).not.toThrow('hidden-value');
  });

  it('reports a wrong runtime of all functions once', () => {
    const spec = { ...SPEC, runtime: 'Nodejs18.15' };
    const check = () => checkService(serviceOf({}, { functions: [spec, spec] }), FILES);

    expect(check).toThrow(/^[^\n]*\n[^\n]*RUNTIME must be[^\n]*$/);
  });

  it('refuses code that is too large', () => {
    const files = [...FILES, { name: 'large.js', content: Buffer.alloc(500 * 1024 * 1024) }];

    expect(() => checkService(serviceOf({}), files)).toThrow('SCF accepts 524288000');
  });
});
