import { describe, expect, it } from 'vitest';
import type { Environment } from '../../../lib/config/environment.ts';
import { readSweepConfig } from '../../../lib/config/sweep-config.ts';
import { ConfigError } from '../../../lib/config-error.ts';
import { thrown } from '../../support/thrown.ts';

const SWEEP: Environment = {
  DATABASE_URL: 'postgres://user:canary@db.example.com/uploads',
  VOD_SECRET_ID: 'AKIDexample',
  VOD_SECRET_KEY: 'secret-key-example',
  SOURCE_CONTEXT_KEYS: 'context-key-example-0123456789ab',
};

const problemOf = (environment: Environment) =>
  thrown(ConfigError, () => readSweepConfig(environment));

describe('readSweepConfig()', () => {
  it('reads the minimal environment', () => {
    const config = readSweepConfig(SWEEP);

    expect(config).toMatchObject({
      databaseUrl: SWEEP['DATABASE_URL'],
      pullsEvents: false,
      backgroundShare: 0.5,
      vodApi: { endpoint: 'vod.tencentcloudapi.com', pullsPerSecond: 20, callsPerSecond: 80 },
      delivery: { endpoints: [], eventBus: undefined },
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('reads the event mode and the rates', () => {
    const config = readSweepConfig({
      ...SWEEP,
      ...{ VOD_EVENT_MODE: 'PULL', VOD_PULLS_PER_SECOND: '100' },
      ...{ VOD_CALLS_PER_SECOND: '10000', VOD_BACKGROUND_PERCENT: '7' },
    });

    expect(config).toMatchObject({
      ...{ pullsEvents: true, backgroundShare: 0.07 },
      vodApi: { pullsPerSecond: 100, callsPerSecond: 10_000 },
    });
  });

  it.each([
    ['DATABASE_URL', undefined],
    ['DATABASE_URL', ''],
    ['DATABASE_URL', 'mysql://user:canary@db.example.com/uploads'],
    ['VOD_EVENT_MODE', 'pull'],
    ['VOD_EVENT_MODE', ''],
    ['VOD_PULLS_PER_SECOND', '0'],
    ['VOD_PULLS_PER_SECOND', '101'],
    ['VOD_CALLS_PER_SECOND', '0'],
    ['VOD_CALLS_PER_SECOND', '10001'],
    ['VOD_BACKGROUND_PERCENT', '0'],
    ['VOD_BACKGROUND_PERCENT', '101'],
    ['VOD_SECRET_ID', undefined],
    ['VOD_SECRET_KEY', undefined],
    ['WEBHOOK_ENDPOINTS', 'canary'],
  ])('refuses %s=%j and names the variable without its value', (variable, value) => {
    const error = problemOf({ ...SWEEP, [variable]: value });

    expect(error.variables).toEqual([variable]);
    expect(error.message).not.toContain('canary');
  });
});
