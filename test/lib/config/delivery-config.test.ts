import { describe, expect, it } from 'vitest';
import { readDeliveryConfig } from '../../../lib/config/delivery-config.ts';
import type { Environment } from '../../../lib/config/environment.ts';
import { ConfigError } from '../../../lib/config-error.ts';
import { parseEndpoints } from '../../../lib/webhooks/endpoint.ts';
import { thrown } from '../../support/thrown.ts';

const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 'canary').toString('base64')}`;
const SECRET = secretOf(32);
const HOOK = { url: 'https://hooks.example.com/vod?token=canary', secret: SECRET };
const BUS: Environment = {
  EVENT_BUS_ID: 'eb-0a1b2c3d',
  EVENT_BUS_REGION: 'ap-guangzhou',
  VOD_SECRET_ID: 'AKIDexample',
  VOD_SECRET_KEY: 'key-canary',
};

const hooks = (...endpoints: unknown[]): Environment => ({
  WEBHOOK_ENDPOINTS: JSON.stringify(endpoints),
});

const problemOf = (environment: Environment) =>
  thrown(ConfigError, () => readDeliveryConfig(environment));

describe('readDeliveryConfig()', () => {
  it('returns no targets for an empty environment', () => {
    expect(readDeliveryConfig({})).toEqual({ endpoints: [], eventBus: undefined });
    expect(Object.isFrozen(readDeliveryConfig({}))).toBe(true);
  });

  it('reads endpoints', () => {
    const { endpoints } = readDeliveryConfig(
      hooks(HOOK, {
        url: 'https://HOOKS.example.com',
        secret: `${secretOf(24)} ${secretOf(64)}`,
        events: ['upload.*', 'vod.PullComplete'],
      }),
    );

    expect(endpoints).toMatchObject([
      { url: HOOK.url, events: ['*'], loopback: false },
      { url: 'https://hooks.example.com/', events: ['upload.*', 'vod.PullComplete'] },
    ]);
    expect(endpoints[1]?.sign('msg_1', new Date(0), '{}')).toMatch(/^v1,\S{44} v1,\S{44}$/);
  });

  it('derives the id of an endpoint from its URL alone', () => {
    const idsOf = (...endpoints: unknown[]) =>
      readDeliveryConfig(hooks(...endpoints)).endpoints.map(({ id }) => id);
    const other = { ...HOOK, url: 'https://other.example.com/' };
    const [first, second] = idsOf(HOOK, other);

    expect(first).toMatch(/^webhook_[0-9a-f]{16}$/);
    expect(idsOf(other, { ...HOOK, secret: secretOf(40), events: ['vod.*'] })).toEqual([
      second,
      first,
    ]);
  });

  it.each([
    ['http://hooks.example.com/', 'https://'],
    ['ftp://hooks.example.com/', 'must begin with'],
    ['hooks.example.com', 'must begin with'],
    ['https://user:canary@hooks.example.com/', 'user name'],
    ['https://hooks.example.com/#canary', 'fragment'],
    ['https://hooks.example.com:8443/', 'port'],
    ['https://localhost/', 'public internet'],
    ['http://127.0.0.1:3000/', 'globally routable'],
    ['https://2130706433/', 'globally routable'],
    ['https://0x7f.1/', 'globally routable'],
    ['https://[::1]/', 'globally routable'],
    ['https://[::ffff:10.0.0.1]/', 'globally routable'],
    ['https://169.254.0.23/', 'globally routable'],
    ['https://metadata.tencentyun.com/', 'are internal to a cloud'],
    ['https://hooks.internal/', 'internal'],
    ['https://hooks/', 'dot'],
    ['', 'must begin with'],
    [7, 'must be a string'],
    [undefined, 'must be given'],
  ])('refuses the address %j', (url, why) => {
    const error = problemOf(hooks({ ...HOOK, url }));

    expect(error.variables).toEqual(['WEBHOOK_ENDPOINTS.0.url']);
    expect(error.message).toContain(why);
    expect(error.message).not.toContain('canary');
  });

  it.each([
    '',
    'whsec_',
    secretOf(23),
    secretOf(65),
    SECRET.slice(6),
    SECRET.replace('whsec_', 'whsk_'),
    `${SECRET}!`,
    SECRET.replaceAll('=', ''),
    `${SECRET} `,
    `${SECRET}  ${SECRET}`,
    `${SECRET} ${secretOf(8)}`,
    `${SECRET},${SECRET}`,
    `whsec_${'canary-canary-canary-canary-canary_'}`,
    7,
    null,
    undefined,
  ])('refuses the secret %j without quoting it', (secret) => {
    const error = problemOf(hooks({ ...HOOK, secret }));

    expect(error.variables).toEqual(['WEBHOOK_ENDPOINTS.0.secret']);
    for (const part of [SECRET.slice(6, 16), 'canary']) expect(error.message).not.toContain(part);
  });

  it.each([
    [{ ...HOOK, events: [] }, '0.events', 'name an event type; leave it out to receive all'],
    [{ ...HOOK, events: 'upload.*' }, '0.events', 'must be a list of event types'],
    [{ ...HOOK, events: ['upload.*', 'upload.redy'] }, '0.events.1', 'must be vod. and a type of'],
    [{ ...HOOK, events: [7] }, '0.events.0', 'must be a string'],
    [{ ...HOOK, evnets: ['*'] }, '0.evnets', 'did you mean events?'],
    [{ ...HOOK, secret: 7 }, '0.secret', 'must be a string'],
    [
      { ...HOOK, secret: 'x' },
      '0.secret',
      'must be whsec_ and the Base64 of 24 to 64 random bytes;',
    ],
    ['https://hooks.example.com/', '0', 'must be a JSON object; it is a string'],
    [null, '0', 'must be a JSON object'],
  ])('refuses %j', (endpoint, path, message) => {
    const error = problemOf(hooks(endpoint));

    expect(error.variables).toEqual([`WEBHOOK_ENDPOINTS.${path}`]);
    expect(error.message).toContain(message);
  });

  it.each([
    '',
    '{',
    `[{"url":"https://hooks.example.com/","secret":"${SECRET}]`,
    '{}',
    '"canary"',
    'null',
  ])('refuses the text %j without quoting it', (text) => {
    const error = problemOf({ WEBHOOK_ENDPOINTS: text });

    expect(error.variables).toEqual(['WEBHOOK_ENDPOINTS']);
    for (const part of [SECRET.slice(6, 16), 'canary']) expect(error.message).not.toContain(part);
    expect(error.cause).toBeUndefined();
  });

  it('refuses duplicate addresses in any spelling, and too many endpoints', () => {
    const twice = problemOf(hooks(HOOK, { ...HOOK, url: HOOK.url.replace('hooks', 'HOOKS') }));
    const list = (length: number) =>
      hooks(...Array.from({ length }, (_, i) => ({ ...HOOK, url: `https://h.example.com/${i}` })));

    expect(twice.variables).toEqual(['WEBHOOK_ENDPOINTS.1.url']);
    expect(twice.message).toContain('must not appear twice');
    expect(readDeliveryConfig(list(15)).endpoints).toHaveLength(15);
    expect(problemOf(list(16))).toMatchObject({
      variables: ['WEBHOOK_ENDPOINTS'],
      message: expect.stringContaining('must have at most 15 endpoints; it has 16'),
    });
  });

  it('reports everything that is invalid together', () => {
    const error = problemOf({
      ...hooks({ url: 'http://localhost/', secret: 'whsec_' }, HOOK, { events: ['x'] }),
      WEBHOOK_PORTS: 'https',
      EVENT_BUS_ID: 'bus',
      EVENT_BUS_REGION: 'Guangzhou',
    });

    expect(new Set(error.variables)).toEqual(
      new Set([
        'WEBHOOK_ENDPOINTS.0.url',
        'WEBHOOK_ENDPOINTS.0.secret',
        'WEBHOOK_ENDPOINTS.2.url',
        'WEBHOOK_ENDPOINTS.2.secret',
        'WEBHOOK_ENDPOINTS.2.events.0',
        'WEBHOOK_PORTS',
        'EVENT_BUS_ID',
        'EVENT_BUS_REGION',
        'VOD_SECRET_ID',
        'VOD_SECRET_KEY',
      ]),
    );
  });

  it('allows the ports that WEBHOOK_PORTS lists', () => {
    const environment = hooks({ ...HOOK, url: 'https://hooks.example.com:8443/' });

    expect(readDeliveryConfig({ ...environment, WEBHOOK_PORTS: '8443' }).endpoints).toHaveLength(1);
    expect(problemOf({ ...environment, WEBHOOK_PORTS: '8444' }).message).toContain('8444');
  });

  it.each([
    'http://127.0.0.1:3000/hook',
    'http://localhost:3000/hook',
    'http://[::1]:3000/',
    'https://localhost/',
  ])('accepts %s only if loopback is allowed', (url) => {
    const environment = hooks({ ...HOOK, url });

    const { endpoints } = readDeliveryConfig({ ...environment, WEBHOOK_LOOPBACK: 'allow' });

    expect(endpoints).toMatchObject([{ url, loopback: true }]);
    expect(problemOf(environment).variables).toEqual(['WEBHOOK_ENDPOINTS.0.url']);
    expect(problemOf({ ...environment, WEBHOOK_LOOPBACK: '1' }).variables).toContain(
      'WEBHOOK_LOOPBACK',
    );
  });

  it.each([
    'http://hooks.example.com/',
    'http://10.0.0.1/',
    'http://localhost.example.com/',
    'http://a:b@localhost/',
    'http://a@localhost/',
    'http://:b@localhost/',
    'http://localhost/#x',
    'ftp://localhost/',
    'localhost',
  ])('refuses %s even if loopback is allowed', (url) => {
    const environment = { ...hooks({ ...HOOK, url }), WEBHOOK_LOOPBACK: 'allow' };

    expect(problemOf(environment).variables).toEqual(['WEBHOOK_ENDPOINTS.0.url']);
  });

  it('reads an event bus', () => {
    expect(readDeliveryConfig(BUS).eventBus).toEqual({
      busId: 'eb-0a1b2c3d',
      region: 'ap-guangzhou',
      endpoint: 'eb.tencentcloudapi.com',
      protocol: 'https',
      events: ['*'],
    });
    expect(
      readDeliveryConfig({
        ...BUS,
        EVENT_BUS_EVENTS: 'upload.*, vod.PullComplete',
        EVENT_BUS_API_ENDPOINT: 'localhost:3000/__vod/eb.tencentcloudapi.com',
        EVENT_BUS_API_PROTOCOL: 'http',
      }).eventBus,
    ).toMatchObject({ protocol: 'http', events: ['upload.*', 'vod.PullComplete'] });
  });

  it.each(['ap-beijing-1', 'ap-shanghai-fsi'])('accepts an event bus in %s', (region) => {
    const { eventBus } = readDeliveryConfig({ ...BUS, EVENT_BUS_REGION: region });

    expect(eventBus).toMatchObject({ region });
  });

  it.each([
    ['EVENT_BUS_ID', ''],
    ['EVENT_BUS_REGION', undefined],
    ['EVENT_BUS_REGION', 'guangzhou'],
    ['EVENT_BUS_EVENTS', ''],
    ['EVENT_BUS_EVENTS', 'upload.redy'],
    ['EVENT_BUS_API_ENDPOINT', 'https://eb.tencentcloudapi.com'],
    ['EVENT_BUS_API_PROTOCOL', 'http'],
    ['EVENT_BUS_API_PROTOCOL', 'ftp'],
    ['VOD_SECRET_KEY', undefined],
  ])('refuses an event bus with %s=%j', (variable, value) => {
    const error = problemOf({ ...BUS, [variable]: value });

    expect(error.variables).toEqual([variable]);
    expect(error.message).not.toContain('canary');
  });
});

describe('parseEndpoints()', () => {
  it('reads a list from another source, with the host rules of the policy', () => {
    const options = { urlPolicy: { hosts: ['*.example.com'] }, loopback: false };

    expect(parseEndpoints([HOOK], options).errors).toBeUndefined();
    expect(
      parseEndpoints([{ ...HOOK, url: 'https://hooks.example.org/' }], options).errors,
    ).toEqual([{ path: '0.url', message: expect.stringContaining('allowed') }]);
    expect(parseEndpoints(undefined, options).errors).toEqual([
      { path: '', message: 'must be a list of { url, secret, events }' },
    ]);
  });
});
