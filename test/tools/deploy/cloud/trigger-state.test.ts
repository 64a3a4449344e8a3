import { describe, expect, it } from 'vitest';
import {
  isUpToDate,
  readAddress,
  writeTriggerDescription,
} from '../../../../tools/deploy/cloud/trigger-state.ts';
import type { TriggerSpec } from '../../../../tools/deploy/triggers.ts';

const GATEWAY: TriggerSpec = { type: 'apigw', name: 'api', enable: true, path: '/pull' };

describe('readAddress()', () => {
  it.each([
    [
      'http',
      { NetConfig: { ExtranetUrl: 'https://1-a.ap-x.tencentscf.com/' } },
      'https://1-a.ap-x.tencentscf.com',
    ],
    ['http', { NetConfig: { ExtranetUrl: '' } }, undefined],
    ['http', {}, undefined],
    [
      'apigw',
      { service: { subDomain: 'service-a.apigw.example/release' } },
      'https://service-a.apigw.example/release',
    ],
  ])('returns for a %s trigger with %j the address %s', (Type, description, address) => {
    const state = { TriggerName: 'a', Type, TriggerDesc: JSON.stringify(description) };

    expect(readAddress(state)).toBe(address);
  });
});

describe('isUpToDate()', () => {
  it('recognises an API Gateway trigger with the fields that the cloud added', () => {
    const { service: _service, ...sent } = JSON.parse(writeTriggerDescription(GATEWAY));
    const TriggerDesc = JSON.stringify({
      ...sent,
      api: { ...sent.api, apiId: 'api-1' },
      service: { serviceId: 'service-1', subDomain: 'service-1.example' },
    });
    const state = { TriggerName: 'api', Type: 'apigw', Enable: 1, TriggerDesc };

    expect(isUpToDate(GATEWAY, state)).toBe(true);
    expect(isUpToDate({ ...GATEWAY, path: '/other' }, state)).toBe(false);
  });

  it.each([1, '1', 'OPEN', true])('accepts %j for on', (Enable) => {
    const timer: TriggerSpec = { type: 'timer', name: 'a', enable: true, cron: '0 * * * * * *' };
    const state = { TriggerName: 'a', Type: 'timer', Enable, TriggerDesc: timer.cron };

    expect(isUpToDate(timer, state)).toBe(true);
  });
});
