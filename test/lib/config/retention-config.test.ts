import { describe, expect, it } from 'vitest';
import { readSweepConfig } from '../../../lib/config/sweep-config.ts';
import { ConfigError } from '../../../lib/config-error.ts';
import { thrown } from '../../support/thrown.ts';

const DAY = 86_400_000;

const ENVIRONMENT = {
  DATABASE_URL: 'postgres://user@db.example.com/uploads',
  ...{ VOD_SECRET_ID: 'AKIDexample', VOD_SECRET_KEY: 'secret-key-example' },
  SOURCE_CONTEXT_KEYS: 'context-key-example-0123456789ab',
};

const read = (text?: string) =>
  readSweepConfig({ ...ENVIRONMENT, ...(text === undefined ? {} : { RETENTION: text }) }).retention;

const days = (text?: string) =>
  Object.fromEntries(
    Object.entries(read(text)).map(([kind, time]) => [
      kind,
      time === undefined ? 'forever' : time / DAY,
    ]),
  );

const DEFAULTS = { events: 90, deliveries: 30, keys: 90, uploads: 'forever', dead: 180 };

describe('RETENTION', () => {
  it.each([
    [undefined, {}],
    ['', {}],
    ['events=90d,deliveries=30d,keys=90d,uploads=forever,dead=180d', {}],
    [
      'events = 200d , dead = forever , uploads=3650d',
      { events: 200, dead: 'forever', uploads: 3650 },
    ],
    [
      'events=7d,deliveries=4d,keys=4d,uploads=7d,dead=7d',
      { events: 7, deliveries: 4, keys: 4, uploads: 7, dead: 7 },
    ],
    ['events=36500d', { events: 36_500 }],
    // What is not named is made to fit.
    ['events=20d', { events: 20, deliveries: 20 }],
    ['deliveries=100d', { events: 100, deliveries: 100 }],
    ['deliveries=200d', { events: 200, deliveries: 200, dead: 200 }],
    ['deliveries=forever', { events: 'forever', deliveries: 'forever', dead: 'forever' }],
    ['uploads=60d', { events: 60, keys: 60, uploads: 60 }],
    ['uploads=10d', { events: 10, deliveries: 10, keys: 10, uploads: 10 }],
    ['events=forever', { events: 'forever' }],
  ])('%s keeps what it says', (text, named) => {
    expect(days(text)).toEqual({ ...DEFAULTS, ...named });
  });

  it.each([
    ['event=90d', 'something else than events, deliveries, keys, uploads, dead'],
    ['90d', 'something else than events'],
    ['events=90d,events=91d', 'must have events only once'],
    ['events', 'must have a number of days from 1d to 36500d, or forever, for events'],
    ['events=90', 'for events'],
    ['events=90 days', 'for events'],
    ['events=0d', 'for events'],
    ['events=-1d', 'for events'],
    ['events=1.5d', 'for events'],
    ['events=36501d', 'for events'],
    ['events=90d=1d', 'for events'],
    ['keys=never', 'for keys'],
    ['events=6d', 'must have 7d or more for events: VOD reports an event again for four days'],
    ['deliveries=3d', 'must have 4d or more for deliveries: a delivery is retried for three days'],
    ['keys=3d', 'must have 4d or more for keys: VOD recognises a repeated pull'],
    ['uploads=6d', 'must have 7d or more for uploads: VOD reports'],
    ['dead=6d', 'must have 7d or more for dead: operators'],
    ['events=20d,deliveries=21d', 'less for events than for deliveries, which is 21d'],
    ['uploads=89d,events=90d', 'less for uploads than for events, which is 90d'],
    ['uploads=365d,keys=forever', 'less for uploads than for keys, which is forever'],
    ['dead=29d,deliveries=30d', 'less for dead than for deliveries, which is 30d'],
  ])('%s is refused with what would be right', (text, words) => {
    const error = thrown(ConfigError, () => read(text));

    expect(error.variables).toEqual(['RETENTION']);
    expect(error.message).toContain(words);
  });

  it('is refused with all that is wrong in it', () => {
    const { message } = thrown(ConfigError, () => read('event=1d,keys=1,uploads=1d'));
    expect(message).toContain('something else than');
    expect(message).toContain('for keys');
    const short = thrown(ConfigError, () => read('events=1d,dead=1d')).message;
    expect(short).toContain('7d or more for events');
    expect(short).toContain('7d or more for dead');
  });
});

describe('RETENTION_EXPORT', () => {
  const readExport = (address?: string, region?: string) =>
    readSweepConfig({
      ...ENVIRONMENT,
      ...(address === undefined ? {} : { RETENTION_EXPORT: address }),
      ...(region === undefined ? {} : { RETENTION_EXPORT_REGION: region }),
    }).rowExport;

  it.each([
    ['cos://archive-1250000000', ''],
    ['cos://archive-1250000000/', ''],
    ['cos://archive-1250000000/vod-upload', 'vod-upload/'],
    ['cos://archive-1250000000/a/b.c_d/', 'a/b.c_d/'],
  ])('%s is a bucket and a prefix', (address, prefix) => {
    expect(readExport(address, 'ap-singapore')).toEqual({
      ...{ bucket: 'archive-1250000000', region: 'ap-singapore', prefix },
    });
  });

  it('is optional, and set together with its region', () => {
    expect(readExport()).toBeUndefined();
    const first = thrown(ConfigError, () => readExport('cos://archive-1250000000'));
    expect(first.variables).toEqual(['RETENTION_EXPORT_REGION']);
    const second = thrown(ConfigError, () => readExport(undefined, 'ap-singapore'));
    expect(second.variables).toEqual(['RETENTION_EXPORT']);
    expect(second.message).toContain('must be set too if RETENTION_EXPORT_REGION is');
  });

  it.each([
    'archive-1250000000',
    's3://archive-1250000000',
    'cos://archive',
    'cos://Archive-1250000000',
    'cos://archive-1250000000//a',
    'cos://archive-1250000000/a b',
    'cos://archive-1250000000/../a',
    'cos://archive-1250000000/.',
    'cos://archive-1250000000/a?b',
  ])('%s is refused', (address) => {
    const error = thrown(ConfigError, () => readExport(address, 'ap-singapore'));
    expect(error.variables).toEqual(['RETENTION_EXPORT']);
    expect(error.message).toContain('such as cos://archive-1250000000/vod-upload');
  });

  it.each(['ap-beijing-1', 'ap-shanghai-fsi'])('may be in %s', (region) => {
    expect(readExport('cos://archive-1250000000', region)).toMatchObject({ region });
  });

  it('has a region', () => {
    const error = thrown(ConfigError, () => readExport('cos://archive-1250000000', 'Singapore'));
    expect(error.variables).toEqual(['RETENTION_EXPORT_REGION']);
  });
});
