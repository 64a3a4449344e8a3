import { describe, expect, it } from 'vitest';
import type { FunctionState } from '../../../tools/deploy/cloud/function-state.ts';
import type { Configuration } from '../../../tools/deploy/cloud/scf.ts';
import type { TriggerState } from '../../../tools/deploy/cloud/trigger-state.ts';
import {
  clearWhatLeft,
  compareTriggers,
  describeConfiguration,
  differsInCode,
  listDifferences,
} from '../../../tools/deploy/compare.ts';
import type { FunctionSpec } from '../../../tools/deploy/service.ts';
import type { TriggerSpec } from '../../../tools/deploy/triggers.ts';

const DIGEST = 'd'.repeat(64);
const SPEC: FunctionSpec = {
  key: 'pull',
  name: 'vod-upload-dev-pull',
  description: 'Pulls media.',
  handler: 'pull.main_handler',
  runtime: 'Nodejs20.19',
  memorySize: 128,
  timeout: 60,
  role: 'VodUpload',
  vpc: { vpcId: 'vpc-1', subnetId: 'subnet-1' },
  environment: { AB: '1', CD: '2' },
  triggers: [],
};
const WANTED = describeConfiguration(SPEC, DIGEST);
const STATE: FunctionState = {
  FunctionName: SPEC.name,
  Status: 'Active',
  Description: `Pulls media. Code ${DIGEST}.`,
  Handler: 'pull.main_handler',
  Runtime: 'Nodejs20.19',
  Role: 'VodUpload',
  MemorySize: 128,
  Timeout: 60,
  VpcConfig: { VpcId: 'vpc-1', SubnetId: 'subnet-1' },
  PublicNetConfig: { PublicNetStatus: 'ENABLE' },
  Environment: {
    Variables: [
      { Key: 'CD', Value: '2' },
      { Key: 'AB', Value: '1' },
    ],
  },
};
const bare = describeConfiguration(
  { ...SPEC, role: undefined, vpc: undefined, environment: {} },
  DIGEST,
);

describe('listDifferences()', () => {
  it('finds none if everything is as wanted, in any order of the variables', () => {
    expect(listDifferences(WANTED, STATE)).toEqual([]);
  });

  it('treats empty, null and absent as equal', () => {
    const empty = {
      Role: '',
      VpcConfig: { VpcId: '', SubnetId: '' },
      Environment: { Variables: [] },
    };
    const none = { Role: null, VpcConfig: null, Environment: null, PublicNetConfig: null };

    expect(listDifferences(bare, { ...STATE, ...empty })).toEqual([]);
    expect(listDifferences(bare, { ...STATE, ...none })).toEqual([]);
  });

  it.each<[string, Partial<FunctionState>]>([
    ['description', { Description: 'Somebody wrote this.' }],
    ['memory', { MemorySize: 256 }],
    ['timeout', { Timeout: 3 }],
    ['role', { Role: null }],
    ['network', { VpcConfig: { VpcId: 'vpc-2', SubnetId: 'subnet-1' } }],
    ['network', { PublicNetConfig: { PublicNetStatus: 'DISABLE' } }],
    ['environment', { Environment: { Variables: [{ Key: 'AB', Value: '1' }] } }],
    [
      'environment',
      {
        Environment: {
          Variables: [
            { Key: 'AB', Value: '1' },
            { Key: 'CD', Value: '3' },
          ],
        },
      },
    ],
    [
      'environment',
      {
        Environment: {
          Variables: [...(STATE.Environment?.Variables ?? []), { Key: 'EF', Value: '' }],
        },
      },
    ],
  ])('finds a different %s', (part, change) => {
    expect(listDifferences(WANTED, { ...STATE, ...change })).toEqual([part]);
  });
});

describe('differsInCode()', () => {
  it.each<[boolean, Partial<FunctionState>]>([
    [false, {}],
    [true, { Description: `Pulls media. Code ${'e'.repeat(64)}.` }],
    [true, { Description: 'Somebody wrote this.' }],
    [true, { Description: null }],
    [true, { Handler: 'other.main_handler' }],
  ])('returns %j for %j', (differs, change) => {
    expect(differsInCode(SPEC, DIGEST, { ...STATE, ...change })).toBe(differs);
  });
});

describe('clearWhatLeft()', () => {
  it.each<[string, Configuration, FunctionState, object]>([
    [
      'an empty role and network if they are removed from the file',
      bare,
      STATE,
      { Role: '', VpcConfig: { VpcId: '', SubnetId: '' } },
    ],
    [
      'the role and network that remain',
      WANTED,
      STATE,
      { Role: 'VodUpload', VpcConfig: { VpcId: 'vpc-1', SubnetId: 'subnet-1' } },
    ],
  ])('sends %s', (_name, configuration, state, expected) => {
    expect(clearWhatLeft(configuration, state)).toMatchObject(expected);
  });

  it('does not send what was never set', () => {
    const cleared = clearWhatLeft(bare, { ...STATE, Role: '', VpcConfig: null });

    expect(Object.keys(cleared)).not.toEqual(expect.arrayContaining(['Role']));
    expect(cleared).toEqual(bare);
  });
});

const URL_SPEC: TriggerSpec = { type: 'http', name: 'url', enable: true, path: '/pull' };
const TIMER: TriggerSpec = { type: 'timer', name: 'often', enable: true, cron: '0 * * * * * *' };
const URL_STATE: TriggerState = {
  TriggerName: 'made-by-hand',
  Type: 'http',
  Enable: 1,
  TriggerDesc: JSON.stringify({
    AuthType: 'NONE',
    NetConfig: { EnableIntranet: false, EnableExtranet: true, ExtranetUrl: 'https://x.example' },
  }),
};
const TIMER_STATE: TriggerState = {
  TriggerName: 'often',
  Type: 'timer',
  Enable: 1,
  TriggerDesc: '{"cron":"0 * * * * * *"}',
};

describe('compareTriggers()', () => {
  it('does not change triggers that are as wanted, even if a Function URL has another name', () => {
    expect(compareTriggers([URL_SPEC, TIMER], [TIMER_STATE, URL_STATE])).toEqual({
      ...{ create: [], update: [], remove: [] },
    });
  });

  it('creates missing triggers and removes those that are no longer in the file', () => {
    const other = { ...TIMER_STATE, TriggerName: 'seldom' };

    expect(compareTriggers([URL_SPEC, TIMER], [other])).toEqual({
      ...{ create: [URL_SPEC, TIMER], update: [], remove: [other] },
    });
  });

  it.each<[string, TriggerSpec, TriggerState]>([
    ['a URL that is switched off', URL_SPEC, { ...URL_STATE, Enable: 0 }],
    [
      'a URL that requires signatures',
      URL_SPEC,
      { ...URL_STATE, TriggerDesc: '{"AuthType":"CAM"}' },
    ],
    [
      'a URL that adds CORS headers',
      URL_SPEC,
      {
        ...URL_STATE,
        TriggerDesc: (URL_STATE.TriggerDesc ?? '').replace('{', '{"CorsConfig":{"Enable":true},'),
      },
    ],
    ['a URL with an unreadable description', URL_SPEC, { ...URL_STATE, TriggerDesc: '?' }],
    ['a timer at another time', TIMER, { ...TIMER_STATE, TriggerDesc: '{"cron":"0 0 * * * * *"}' }],
    ['a timer that should be off', { ...TIMER, enable: false }, TIMER_STATE],
  ])('updates %s', (_name, spec, state) => {
    expect(compareTriggers([spec], [state])).toEqual({
      ...{ create: [], update: [{ spec, state }], remove: [] },
    });
  });
});
