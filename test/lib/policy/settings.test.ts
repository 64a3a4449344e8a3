import { describe, expect, it } from 'vitest';
import { parseSettings } from '../../../lib/policy/settings.ts';

const SHA256 = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

const FULL = {
  keys: [
    { name: 'migration', sha256: SHA256.toUpperCase(), scopes: ['upload:pull'] },
    {
      name: 'backend',
      sha256: OTHER,
      scopes: ['upload:sign', 'upload:partner'],
      owner: 'shop',
      tenant: 'acme',
    },
  ],
  policy: {
    profiles: {
      default: {
        regions: ['ap-seoul', 'ap-singapore'],
        classIds: [0, 7],
        procedures: ['LongVideoPreset'],
        taskPriority: { min: -5, max: 5 },
        maxExpiresIn: 600,
        oneTimeRequired: true,
        mediaTypes: ['MP4', 'mov'],
        maxBytes: 1_000_000,
        maxSeconds: 600,
        pullHosts: ['media.example.com', '*.cdn.example.com', '203.0.113.9'],
        quotas: { signaturesPerMinute: 60, openUploads: 10, bytesPerDay: 5_000_000_000 },
      },
      partner: { taskPriority: { min: 3 } },
      server: {},
      pro: { oneTimeRequired: false },
    },
    select: [
      { profile: 'partner', scope: 'upload:partner' },
      { profile: 'server', key: 'migration' },
      { profile: 'pro', claim: { name: 'https://example.com/plan', value: 'pro' } },
    ],
    tenants: { claim: 'tenant', subAppIds: { acme: 1_500_000_002, 'b.c_d-1': '1' } },
    console: { maxBytes: 1, mediaTypes: ['mp4'] },
    live: { maxSeconds: 7_200 },
  },
  rules: [
    {
      name: 'lectures',
      match: {
        methods: ['console', 'live'],
        subAppIds: [1_500_000_002],
        classIds: [7],
        regions: ['ap-seoul'],
        owners: ['teacher-*'],
        name: '*.mp4',
        streams: ['hall-?'],
      },
      set: {
        classId: 8,
        expireAfter: 86_400,
        coverUrl: 'https://media.example.com/cover.png',
        tags: ['lecture', '강의'],
        procedure: {
          name: 'LongVideoPreset',
          taskPriority: 10,
          taskNotifyMode: 'Change',
          sessionContext: 'x',
        },
      },
    },
    { name: 'all', set: { expireTime: '2027-01-01T00:00:00Z' } },
  ],
};

/** Returns the full settings with `value` at `path`. */
function change(path: string, value: unknown): unknown {
  const copy: unknown = structuredClone(FULL);
  let place: unknown = copy;
  const names = path.split('.');
  const last = names.pop() ?? '';
  for (const name of names) place = Reflect.get(Object(place), name);
  Object.defineProperty(place, last, { value, enumerable: true, configurable: true });
  return copy;
}

function pathsOf(input: unknown): readonly string[] {
  return (parseSettings(input).errors ?? []).map(({ path }) => path);
}

describe('parseSettings()', () => {
  it('reads every setting', () => {
    const { settings } = parseSettings(FULL);

    expect(settings?.keys[0]).toEqual({
      name: 'migration',
      sha256: SHA256,
      scopes: ['upload:pull'],
    });
    expect(settings?.policy.profiles['default']).toEqual({
      ...FULL.policy.profiles.default,
      mediaTypes: ['mp4', 'mov'],
    });
    expect(settings?.policy.select).toEqual(FULL.policy.select);
    // A number that comes from an environment variable is a string.
    const subAppIds = { acme: 1_500_000_002, 'b.c_d-1': 1 };
    expect(settings?.policy.tenants).toEqual({ claim: 'tenant', subAppIds });
    expect(settings?.rules[0]).toEqual(FULL.rules[0]);
    expect(settings?.rules[1]).toEqual({
      name: 'all',
      match: {},
      set: { expireTime: Date.UTC(2027, 0, 1) / 1_000 },
    });
  });

  it.each([
    [{}],
    [{ keys: [], policy: {}, rules: [] }],
    [{ policy: { profiles: {}, select: [] } }],
  ])('reads %j as empty', (input) => {
    expect(parseSettings(input).settings).toEqual({
      keys: [],
      policy: { profiles: {}, select: [] },
      rules: [],
    });
  });

  it.each<[string, unknown]>([
    ['keys', {}],
    ['keys.0', 'migration'],
    ['keys.0', {}],
    ['keys.0.name', undefined],
    ['keys.0.name', 'two words'],
    ['keys.0.name', ''],
    ['keys.0.sha256', 'the key itself'],
    ['keys.0.sha256', 'a'.repeat(63)],
    ['keys.0.sha256', 'a'.repeat(65)],
    ['keys.0.sha256', 7],
    ['keys.0.scopes', []],
    ['keys.0.scopes', 'upload:pull'],
    ['keys.0.scopes.0', 'upload:pull upload:sign'],
    ['keys.0.scopes.0', 7],
    ['keys.0.owner', 7],
    ['keys.0.secret', 'canary'],
    ['policy', []],
    ['policy', null],
    ['policy.profile', {}],
    ['policy.profiles', []],
    ['policy.profiles', [{}]],
    ['policy.profiles.default', null],
    ['policy.profiles.default', []],
    ['policy.profiles.default.region', ['ap-seoul']],
    ['policy.profiles.default.regions', []],
    ['policy.profiles.default.regions', 'ap-seoul'],
    ['policy.profiles.default.regions.1', 'mars'],
    ['policy.profiles.default.classIds.0', -1],
    ['policy.profiles.default.classIds.0', '7'],
    ['policy.profiles.default.procedures.0', ''],
    ['policy.profiles.default.taskPriority', 5],
    ['policy.profiles.default.taskPriority.min', -11],
    ['policy.profiles.default.taskPriority.max', 11],
    ['policy.profiles.default.taskPriority', { min: 1, max: 0 }],
    ['policy.profiles.default.maxExpiresIn', 0],
    ['policy.profiles.default.maxExpiresIn', 7_776_001],
    ['policy.profiles.default.oneTimeRequired', 'true'],
    ['policy.profiles.default.mediaTypes.0', 'exe'],
    ['policy.profiles.default.mediaTypes', []],
    ['policy.profiles.default.maxBytes', 0],
    ['policy.profiles.default.maxSeconds', 0.5],
    ['policy.profiles.default.pullHosts.0', 'https://media.example.com'],
    ['policy.profiles.default.pullHosts.0', '*'],
    ['policy.profiles.default.pullHosts.0', 7],
    ['policy.profiles.default.quotas', []],
    ['policy.profiles.default.quotas.perMinute', 1],
    ['policy.profiles.default.quotas.signaturesPerMinute', 0],
    ['policy.profiles.default.quotas.openUploads', '10'],
    ['policy.profiles.default.quotas.bytesPerDay', 1.5],
    ['policy.profiles.two words', {}],
    ['policy.profiles.unused', {}],
    ['policy.profiles.defualt', {}],
    ['policy.profiles.constructor', {}],
    ['policy.profiles.__proto__', {}],
    ['policy.select', {}],
    ['policy.select.0', { profile: 'partner' }],
    ['policy.select.0.profile', 'nobody'],
    ['policy.select.0.scope', 'two scopes'],
    ['policy.select.0.role', 'x'],
    ['policy.select.1.key', 'nobody'],
    ['policy.select.2.claim', 'plan'],
    ['policy.select.2.claim.name', 'user_metadata.plan'],
    ['policy.select.2.claim.value', true],
    ['policy.select.2.claim.value', 'a\nb'],
    ['policy.select.2.claim.values', ['pro']],
    ['policy.select.3', { profile: 'pro', scope: 'upload:partner', key: 'migration' }],
    ['policy.tenants.claim', undefined],
    ['policy.tenants.claim', 'unsafe_metadata.org'],
    ['policy.tenants.subAppIds', []],
    ['policy.tenants.subAppIds.acme', ''],
    ['policy.tenants.subAppIds.acme', '15e8x'],
    ['policy.tenants.subAppIds.acme', null],
    ['policy.tenants.subAppIds.acme', 1.5],
    ['policy.tenants.subAppIds.other', 0],
    ['policy.tenants.subAppIds.constructor', 1],
    ['policy.tenants.subAppIds.prototype', 1],
    ['policy.tenants.subAppIds.__proto__', 1],
    ['keys.1.tenant', 'nobody'],
    ['policy.console', null],
    ['policy.console.maxbytes', 1],
    ['policy.live.mediaTypes', ['exe']],
    ['rules', { name: 'x' }],
    ['rules.0.name', 'two words'],
    ['rules.1.name', 'lectures'],
    ['rules.0.match.method', 'live'],
    ['rules.0.match.subAppIds.0', 0],
    ['rules.0.match.methods.0', 'studio'],
    ['rules.0.match.name', ''],
    ['rules.0.match.name', 7],
    ['rules.0.set', {}],
    ['rules.0.set', undefined],
    ['rules.0.set.expires', 1],
    ['rules.0.set', { expireAfter: 1, expireTime: '2027-01-01T00:00:00Z' }],
    ['rules.0.set.coverUrl', 7],
    ['rules.0.set.coverUrl', 'c.png'],
    ['rules.0.set.expireTime', '2027-01-01'],
    ['rules.0.set.tags', Array.from({ length: 17 }, (_, n) => `tag-${n}`)],
    ['rules.0.set.tags.0', 'x'.repeat(33)],
    ['rules.0.set.procedure.name', undefined],
    ['rules.0.set.procedure.taskNotifyMode', 'finish'],
    ['webhooks', []],
  ])('refuses %s if it is %j', (path, value) => {
    const changed = change(path, value);
    const { settings, errors = [] } = parseSettings(changed);

    expect(settings).toBeUndefined();
    // The mistake of an item is reported at the item or at its list.
    expect(errors.some((error) => error.path === path || error.path.startsWith(`${path}.`))).toBe(
      true,
    );
    expect(errors.every(({ message }) => /^(?!Invalid)./.test(message))).toBe(true);
    expect(JSON.stringify(errors)).not.toContain('canary');
  });

  it.each<[string, unknown]>([
    ['keys.1.name', 'MIGRATION'],
    ['policy.profiles.default.taskPriority', { max: -5 }],
    ['policy.profiles.default.taskPriority', { min: 5, max: 5 }],
    ['rules.0.match.methods', ['client', 'pull', 'server', 'console', 'live', 'other']],
    ['rules.0.set.procedure.taskNotifyMode', 'Finish'],
    ['rules.0.set.procedure.taskNotifyMode', 'None'],
    ['rules.0.set.tags', ['강'.repeat(32)]],
  ])('accepts %s if it is %j', (path, value) => {
    expect(parseSettings(change(path, value)).errors).toBeUndefined();
  });

  it('reports the mistakes of all parts together', () => {
    const paths = pathsOf({
      keys: [
        { name: 'a', sha256: 'x', scopes: ['upload:pull'], color: 1 },
        { name: 'a', sha256: SHA256, scopes: ['upload:pull'] },
        { name: 'b', sha256: SHA256.toUpperCase(), scopes: ['upload:pull'], tenant: 'acme' },
      ],
      policy: {
        profiles: { default: { maxBytes: 0, weight: 1 }, lost: {} },
        select: [
          { profile: 'gone' },
          { profile: 'gone', scope: 's' },
          { profile: 'gone', key: 'nobody' },
        ],
        limits: {},
      },
      rules: [
        { name: 'r 1', set: { classId: 1 } },
        { name: 'r 1', set: { expireAfter: 1, expireTime: '2027-01-01T00:00:00Z' } },
      ],
      policies: {},
    });

    expect([...paths].sort()).toEqual([
      'keys.0.color',
      'keys.0.sha256',
      'keys.1.name',
      'keys.2.sha256',
      'keys.2.tenant',
      'policies',
      'policy.limits',
      'policy.profiles.default.maxBytes',
      'policy.profiles.default.weight',
      'policy.profiles.lost',
      'policy.select.0',
      'policy.select.0.profile',
      'policy.select.1.profile',
      'policy.select.2.key',
      'policy.select.2.profile',
      'rules.0.name',
      'rules.1.name',
      'rules.1.set',
    ]);
  });

  it('lists the known names if a name is unknown', () => {
    const { errors } = parseSettings(change('policy.select.0.profile', 'partners'));

    expect(errors).toEqual([
      {
        path: 'policy.select.0.profile',
        message: 'names no profile; there are default, partner, server, pro',
      },
      {
        path: 'policy.profiles.partner',
        message: 'is used by nobody: name it in policy.select, or call it default',
      },
    ]);
    expect(
      parseSettings({ keys: [{}], policy: { select: [{ profile: 'p', key: 'k' }] } }).errors,
    ).toContainEqual({ path: 'policy.select.0.key', message: 'names no key; there are none' });
  });

  it.each([
    [{ scope: 'a' }, { scope: 'a' }, true],
    [{ scope: 'a' }, { scope: 'a', key: 'k' }, true],
    [{ claim: { name: 'n', value: 'v' } }, { claim: { value: 'v', name: 'n' }, scope: 'a' }, true],
    [{ scope: 'a', key: 'k' }, { scope: 'a' }, false],
    [{ scope: 'a' }, { scope: 'b' }, false],
    [{ claim: { name: 'n', value: 'v' } }, { claim: { name: 'n', value: 'w' } }, false],
    [{ claim: { name: 'n', value: 'v' } }, { claim: { name: 'm', value: 'v' } }, false],
  ])('after %j, reports that %j never applies: %s', (earlier, later, expected) => {
    const { errors = [] } = parseSettings({
      keys: [{ name: 'k', sha256: SHA256, scopes: ['a'] }],
      policy: {
        profiles: { p: {} },
        select: [
          { profile: 'p', ...earlier },
          { profile: 'p', ...later },
        ],
      },
    });

    const message = 'never applies: policy.select.0 matches everyone whom it matches';
    expect(errors).toEqual(expected ? [{ path: 'policy.select.1', message }] : []);
  });

  it.each([null, 'settings', 7, true, [], [FULL]])('refuses %j as a whole', (input) => {
    expect(parseSettings(input).errors).toEqual([{ path: '', message: 'must be a map' }]);
  });
});
