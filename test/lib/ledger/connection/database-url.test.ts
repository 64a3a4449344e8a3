import { readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DatabaseSettings,
  readDatabaseUrl,
} from '../../../../lib/ledger/connection/database-url.ts';
import { URL_PARAMETERS } from '../../../../lib/ledger/connection/url-parameters.ts';
import { makeCertificate } from '../../../support/certificate.ts';
import { removeScratch } from '../../../support/remove-scratch.ts';
import { useRequirement } from '../../../support/requirement.ts';

let folder: string;
let ca: string;

const isPresent = useRequirement('openssl');
beforeAll(async () => {
  if (!isPresent) return;
  folder = await mkdtemp(join(tmpdir(), 'database-url-'));
  ca = (await makeCertificate(folder, 'authority.example')).cert.toString();
});
afterAll(async () => {
  if (isPresent) await removeScratch(folder);
});

function settingsOf(url: string, databaseCa?: string): DatabaseSettings {
  const { settings, problems } = readDatabaseUrl(url, databaseCa);
  return settings ?? expect.fail(JSON.stringify(problems));
}

/** Returns all mistakes as a log shows them. */
function problemsOf(url: string, databaseCa?: string): string {
  const { problems } = readDatabaseUrl(url, databaseCa);
  if (problems === undefined) return expect.fail('Nothing was refused.');
  return problems.map(({ variable, message }) => `${variable} ${message}`).join('\n');
}

describe('readDatabaseUrl()', () => {
  it.each<[string, object]>([
    [
      'postgres://ann:secret@db.lan:6543/uploads',
      {
        ...{ hosts: [{ name: 'db.lan', port: 6543 }], user: 'ann', password: 'secret' },
        ...{ database: 'uploads', isPooled: false, applicationName: 'vod-upload', session: {} },
      },
    ],
    ['postgresql://ann@db.lan', { database: 'ann', password: '', hosts: [{ port: 5432 }] }],
    ['postgres://db.lan/uploads', { user: userInfo().username, database: 'uploads' }],
    ['postgresql+psycopg2://ann:p@db.lan/uploads', { user: 'ann', database: 'uploads' }],
    ['  postgres://ann:p@db.lan/uploads\n', { database: 'uploads' }],
    ['postgres://ann:p@db.lan/uploads/', { database: 'uploads' }],
    [
      'postgres://a%40n:%2F%3F%23%25%3A%20@db.lan/a%2Fb',
      { user: 'a@n', password: '/?#%: ', database: 'a/b' },
    ],
    ['postgres://ann:p@ss:w0rd@db.lan/u', { user: 'ann', password: 'p@ss:w0rd' }],
    ['postgres://ann:a+b&c=d@db.lan/u', { password: 'a+b&c=d' }],
    ['postgres://postgres.ref:p@aws-0.pooler.supabase.com:6543/postgres', { user: 'postgres.ref' }],
    ['postgres://ann:p@[::1]:5433/u', { hosts: [{ name: '::1', port: 5433 }] }],
    [
      'postgres://ann:p@one.lan:5433,two.lan,[fd00::1]:5435/u?target_session_attrs=read-write',
      {
        hosts: [
          { name: 'one.lan', port: 5433 },
          { name: 'two.lan', port: 5432 },
          { name: 'fd00::1', port: 5435 },
        ],
      },
    ],
    [
      'postgres:///u?host=one.lan,two.lan&port=5433&user=ann&password=p%25&dbname=other',
      {
        hosts: [
          { name: 'one.lan', port: 5433 },
          { name: 'two.lan', port: 5433 },
        ],
        ...{ user: 'ann', password: 'p%', database: 'other' },
      },
    ],
    [
      'postgres://ann:p@%2Frun%2Fpostgresql/u',
      { hosts: [{ name: '/run/postgresql', port: 5432 }] },
    ],
  ])('reads %s', (url, expected) => {
    expect(settingsOf(url)).toMatchObject(expected);
  });

  it.each<[string, RegExp]>([
    ['postgres://vod:canary%@db.lan/u', /% .*percent-encode .*% as %25/],
    ['postgres://vod:%E9canary@db.lan/u', /percent-encode/],
    ['postgres://vod:can#ary@db.lan/u', /# .*percent-encode .*# as %23/],
    ['postgres://vod:can/ary@db.lan/u', /percent-encode .*\/ as %2F/],
    ['postgres://vod:123/canary@db.lan/u', /percent-encode .*\/ as %2F/],
    ['postgres://vod:p@ss/canary@db.lan/u', /percent-encode .*@ as %40/],
    ['postgres://vod:can?ary@db.lan/u', /percent-encode \? as %3F/],
    ['postgres://vod:123?canary=1@db.lan/u', /percent-encode \? as %3F/],
    ['postgres://vod:123?canary&sslmode=require@db.lan/u', /percent-encode \? as %3F/],
    ['postgres://vod:can ary@db.lan/u', /white space .*a space as %20/],
    ['postgres://vod:canary@db\n.lan/u', /white space/],
    ['postgres://vod:canary%00@db.lan/u', /%00/],
    ['postgres://vod:[YOUR-PASSWORD]@db.lan/u', /password in brackets/],
    ['postgres://vod:<canary>@db.lan/u', /password in brackets/],
    ['postgres://vod:canary', /host .*percent-encode/],
    ['postgres://vod:canary@/u', /name a host/],
    ['postgres://vod:canary@db.lan:0/u', /port/],
    ['postgres://vod:canary@db.lan:65536/u', /port/],
    ['postgres://vod:canary@fe80::1/u', /IPv6/],
    ["'postgres://vod:canary@db.lan/u'", /without quotes/],
    ['postgres://vod:canary@db.lan/u"', /without quotes/],
    ["psql 'postgres://vod:canary@db.lan/u'", /psql/],
    ['jdbc:postgresql://db.lan/u?password=canary', /jdbc/],
    ['DATABASE_URL=postgres://vod:canary@db.lan/u', /begins with postgres/],
    ['mysql://vod:canary@db.lan/u', /begins with postgres/],
    ['host=db.lan password=canary', /begins with postgres/],
    ['prisma+postgres://accelerate.example/?api_key=canary', /begins with postgres/],
    ['', /begins with postgres/],
  ])('refuses %s with the name of the variable and the correction', (url, message) => {
    const problems = problemsOf(url);

    expect(problems).toMatch(/^DATABASE_URL /);
    expect(problems).toMatch(message);
    expect(problems).not.toMatch(/can.?ary|YOUR/);
  });

  it('reports all mistakes together', () => {
    const url =
      'postgres://a:b@db.lan/u?sslmode=perhaps&colour=red&sslkey=/k&statement_timeout=soon';
    const problems = problemsOf(url, 'no certificate').split('\n');

    expect(problems).toHaveLength(5);
    expect(problems[0]).toMatch(/^DATABASE_CA must be certificates as PEM/);
    for (const name of ['sslmode', 'colour', 'sslkey', 'statement_timeout']) {
      expect(problems.join()).toContain(`the parameter ${name}`);
    }
    expect(problems.join()).not.toMatch(/perhaps|red\b|\/k|soon/);
  });
});

describe('TLS', () => {
  it.each([
    ...['127.0.0.1', '127.1.2.3', '[::1]', 'localhost', 'db.localhost', '[::ffff:127.0.0.1]'],
    '[::ffff:7f00:1]',
    '%2Ftmp',
  ])('for this machine, as %s, is off', (host) => {
    expect(settingsOf(`postgres://a:b@${host}/u`).tls.mode).toBe('off');
  });

  it.each([
    ...['10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1', '169.254.3.4', '[fd12::1]'],
    ...['[fe80::1]', 'db', 'db.internal', 'db.lan', 'db.local', 'pg.default.svc', 'db.home.arpa'],
  ])('for a private network, as %s, is used if the server offers it', (host) => {
    expect(settingsOf(`postgres://a:b@${host}/u`).tls.mode).toBe('offered');
  });

  it.each([
    ...['db.example.com', '8.8.8.8', '172.32.0.1', '11.0.0.1', '[2001:db8::1]', '[::ffff:8.8.8.8]'],
    ...[
      'localhost.example.com',
      '10.example.com',
      '134744072',
      '0x8080808',
      'db.internal.example.com',
      'db.lan,db.example.com',
    ],
  ])('for any other host, as %s, is used with a checked certificate', (host) => {
    expect(settingsOf(`postgres://a:b@${host}/u`).tls).toMatchObject({
      mode: 'full',
      authorities: undefined,
    });
  });

  it.each([
    ['sslmode=disable', 'off', 'off', 'off'],
    ['sslmode=allow', 'unchecked', 'offered', 'chain'],
    ['sslmode=prefer', 'unchecked', 'offered', 'chain'],
    ['sslmode=require', 'unchecked', 'unchecked', 'chain'],
    ['sslmode=no-verify', 'unchecked', 'unchecked', 'chain'],
    ['sslmode=verify-ca', 'full', 'full', 'chain'],
    ['sslmode=verify-full', 'full', 'full', 'full'],
    ['ssl=true', 'full', 'full', 'full'],
    ['ssl=false', 'off', 'off', 'off'],
    ['sslmode=require&ssl=true', 'unchecked', 'unchecked', 'chain'],
    ['ssl=true&sslmode=require', 'unchecked', 'unchecked', 'chain'],
    ['sslaccept=accept_invalid_certs', 'unchecked', 'unchecked', 'chain'],
    ['sslmode=require&channel_binding=require', 'full', 'full', 'full'],
    ['channel_binding=prefer', 'full', 'offered', 'full'],
    ['sslrootcert=system', 'full', 'full', 'full'],
    ['sslmode=verify-full&sslrootcert=/etc/ssl/certs/ca-certificates.crt', 'full', 'full', 'full'],
    ['require_auth=scram-sha-256&sslmode=require', 'full', 'full', 'full'],
    ['requiressl=1', 'unchecked', 'unchecked', 'chain'],
  ])(
    'for a host with ?%s is %s, on a private network %s, with a CA of the operator %s',
    (query, anywhere, near, known) => {
      expect(settingsOf(`postgres://a:b@db.example.com/u?${query}`).tls.mode).toBe(anywhere);
      expect(settingsOf(`postgres://a:b@db.lan/u?${query}`).tls.mode).toBe(near);
      expect(settingsOf(`postgres://a:b@db.example.com/u?${query}`, ca).tls.mode).toBe(known);
    },
  );

  it('for any host with a CA of the operator is checked', () => {
    for (const host of ['localhost', 'db.lan', 'db.example.com']) {
      const { tls } = settingsOf(`postgres://a:b@${host}/u`, ca);
      expect(tls).toMatchObject({ mode: 'full', because: 'DATABASE_CA', authorities: [ca] });
    }
  });

  it('cannot be both required and switched off', () => {
    expect(problemsOf('postgres://a:b@db.lan/u?sslmode=disable&channel_binding=require')).toMatch(
      /TLS off by sslmode .* channel_binding/,
    );
  });
});

describe('DATABASE_CA', () => {
  const url = 'postgres://a:b@db.example.com/u?sslmode=verify-full&sslrootcert=/home/me/ca.pem';
  const read = (text: string) => settingsOf(url, text).tls.authorities;

  it('is read as PEM with any form of line breaks', () => {
    expect(read(ca)).toEqual([ca]);
    expect(read(ca.replaceAll('\n', '\\n'))).toEqual([ca]);
    expect(read(ca.replaceAll('\n', '\r\n'))).toEqual([ca]);
    expect(read(ca.replaceAll('\n', ' '))).toEqual([ca]);
    expect(read(`${ca}\n${ca}`)).toEqual([ca, ca]);
  });

  it.each(['', 'canary', '-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----'])(
    'is refused as %j, with its name',
    (text) => {
      expect(problemsOf(url, text)).toMatch(/^DATABASE_CA must be certificates as PEM/);
      expect(problemsOf(url, text)).not.toContain('canary');
    },
  );

  it('replaces a file that a function does not have', () => {
    expect(problemsOf(url)).toMatch(/sslrootcert with a file.*DATABASE_CA/);
    expect(settingsOf(url, ca).tls.mode).toBe('full');
  });
});

/** What each parameter that is read does to the settings: a value, and its effect. */
const READ: Readonly<Record<string, readonly [value: string, changed: object]>> = {
  host: ['other.lan', { hosts: [{ name: 'other.lan' }] }],
  port: ['5433', { hosts: [{ port: 5433 }] }],
  user: ['bob', { user: 'bob' }],
  password: ['p', { password: 'p' }],
  dbname: ['other', { database: 'other' }],
  sslmode: ['verify-full', { tls: { mode: 'full', because: 'sslmode' } }],
  ssl: ['true', { tls: { mode: 'full', because: 'ssl' } }],
  requiressl: ['1', { tls: { mode: 'unchecked' } }],
  sslaccept: ['strict', { tls: { mode: 'full', because: 'sslaccept' } }],
  sslrootcert: ['system', { tls: { mode: 'full', because: 'sslrootcert' } }],
  channel_binding: ['require', { tls: { mode: 'full', because: 'channel_binding' } }],
  require_auth: ['scram-sha-256', { tls: { mode: 'full', because: 'require_auth' } }],
  ssl_min_protocol_version: ['TLSv1.3', { tls: { minVersion: 'TLSv1.3' } }],
  application_name: ['mine', { applicationName: 'mine' }],
  applicationname: ['mine', { applicationName: 'mine' }],
  fallback_application_name: ['mine', { applicationName: 'mine' }],
  connect_timeout: ['2', { connectSeconds: 2 }],
  connecttimeout: ['2', { connectSeconds: 2 }],
  logintimeout: ['2', { connectSeconds: 2 }],
  options: [
    '-c%20search_path%3Da\\%20b%20-cwork_mem=4MB%20--lock-timeout=5s',
    { session: { search_path: 'a b', work_mem: '4MB', lock_timeout: '5s' } },
  ],
  search_path: ['a,b', { session: { search_path: 'a,b' } }],
  currentschema: ['a,b', { session: { search_path: 'a,b' } }],
  schema: ['My%20"own"%20s', { session: { search_path: '"My ""own"" s"' } }],
  statement_timeout: ['2500', { session: { statement_timeout: '2500' } }],
  lock_timeout: ['2s', { session: { lock_timeout: '2s' } }],
  idle_in_transaction_session_timeout: [
    '1min',
    { session: { idle_in_transaction_session_timeout: '1min' } },
  ],
  target_session_attrs: ['read-write', {}],
  targetservertype: ['primary', {}],
  client_encoding: ['utf-8', {}],
  encoding: ['unicode', {}],
  charset: ['utf8', {}],
  gssencmode: ['disable', {}],
  pgbouncer: ['true', { isPooled: true }],
  statement_cache_size: ['0', { isPooled: true }],
  prepared_statement_cache_size: ['0', { isPooled: true }],
  statement_cache_capacity: ['0', { isPooled: true }],
  preparethreshold: ['0', { isPooled: true }],
  prepared_statements: ['false', { isPooled: true }],
  prepare: ['false', { isPooled: true }],
  binary_parameters: ['yes', { isPooled: true }],
  default_query_exec_mode: ['simple_protocol', { isPooled: true }],
  prefersimpleprotocol: ['true', { isPooled: true }],
  prefer_simple_protocol: ['true', { isPooled: true }],
  preferquerymode: ['simple', { isPooled: true }],
};

/** Names and invalid values of parameters. */
const WRONG: readonly (readonly [name: string, value: string])[] = [
  ['sslmode', 'canary'],
  ['ssl', 'canary'],
  ['channel_binding', 'canary'],
  ['sslaccept', 'canary'],
  ['sslrootcert', '/home/canary/root.crt'],
  ['ssl_min_protocol_version', 'canary'],
  ['connect_timeout', 'canary'],
  ['options', 'canary'],
  ['options', '-c%20client_encoding=canary'],
  ['options', 'reference=canary'],
  ['statement_timeout', 'canary'],
  ['target_session_attrs', 'read-only'],
  ['target_session_attrs', 'standby'],
  ['targetServerType', 'secondary'],
  ['client_encoding', 'latin1'],
  ['gssencmode', 'require'],
  ['pgbouncer', 'canary'],
  ['application_name', 'a%00'],
  ['Colour', 'canary'],
];

describe('URL_PARAMETERS', () => {
  const plain = settingsOf('postgres://a:b@db.lan/u');
  const kinds = (wanted: string) =>
    [...URL_PARAMETERS].flatMap(([name, rule]) => {
      const kind = typeof rule === 'object' ? 'refused' : rule === 'left out' ? rule : 'read';
      return kind === wanted ? [name] : [];
    });

  it.each(kinds('read'))('lists %s, which is read', (name) => {
    const [value, changed] = READ[name] ?? expect.fail(`Say what ${name} changes.`);

    for (const spelled of [name, name.toUpperCase()]) {
      const settings = settingsOf(`postgres://a:b@db.lan/u?${spelled}=${value}`);
      const because = settings.tls.because;
      expect(settings).toMatchObject({
        ...plain,
        ...changed,
        tls: { ...plain.tls, ...Reflect.get(changed, 'tls'), because },
        hosts: [{ ...plain.hosts[0], ...Reflect.get(changed, 'hosts')?.[0] }],
      });
    }
  });

  it.each(kinds('left out'))('lists %s, which is ignored', (name) => {
    expect(settingsOf(`postgres://a:b@db.lan/u?${name}=1`)).toEqual(plain);
  });

  it.each(kinds('refused'))('lists %s, which is refused with a correction', (name) => {
    expect(problemsOf(`postgres://a:b@db.lan/u?${name}=canary`)).toMatch(
      new RegExp(`^DATABASE_URL must not have the parameter ${name}: .{10,}$`),
    );
  });

  it.each(WRONG)('refuses %s=%s with the name of the parameter', (name, value) => {
    const problems = problemsOf(`postgres://a:b@db.lan/u?${name}=${value}`);

    expect(problems).toMatch(new RegExp(`^DATABASE_URL .*\\b${name}\\b`));
    expect(problems).not.toContain('canary');
  });

  it('ignore an empty value', () => {
    expect(settingsOf('postgres://a:b@db.lan/u?sslmode=&options=&&schema=')).toEqual(plain);
  });

  it.each([
    // As the consoles and documents of Neon, Supabase, Heroku's add-ons, DigitalOcean and Prisma write them.
    'postgresql://alex:AbC123dEf@ep-cool-darkness-123456-pooler.us-east-2.aws.neon.tech/dbname?sslmode=require&channel_binding=require',
    'postgresql://alex:AbC@ep-cool-1.aws.neon.tech/neondb?options=endpoint%3Dep-cool-1&sslmode=require',
    'postgres://postgres.apbkobhfnmcqqzqeeqss:pw@aws-0-us-west-1.pooler.supabase.com:6543/postgres?pgbouncer=true&connection_limit=1',
    'postgres://postgres.x:pw@aws-0-us-west-1.pooler.supabase.com:6543/postgres?sslmode=require&supa=base-pooler.x',
    'postgres://doadmin:pw@db-1-do-user-1-0.b.db.ondigitalocean.com:25060/defaultdb?sslmode=require',
    'postgresql://janedoe:pw@localhost:5432/mydb?schema=sample&connection_limit=5&pool_timeout=10&socket_timeout=3&connect_timeout=300',
    'postgres://user%40server:pw@server.postgres.database.azure.com/postgres?sslmode=verify-full&sslrootcert=system',
    'postgresql+asyncpg://scott:tiger@host.lan/test?prepared_statement_cache_size=0',
    'postgres://rails:pw@db.lan/app?encoding=unicode&pool=5&prepared_statements=false&reaping_frequency=10',
    'postgres://u:p@db.lan/app?keepalives=1&keepalives_idle=30&keepalives_interval=10&keepalives_count=5&gssencmode=disable&sslsni=1',
    'postgres://u:p@db.lan/app?uselibpqcompat=true&sslmode=require',
    'postgres://u:p@db.lan/app?default_query_exec_mode=exec&pool_max_conns=4',
  ])('accept %s', (url) => {
    expect(readDatabaseUrl(url).problems).toBeUndefined();
  });

  it('are all in the table of docs/database.md, and no others are', () => {
    const text = readFileSync(new URL('../../../../docs/database.md', import.meta.url), 'utf8');
    const told = (heading: string) => {
      const [, section = ''] = text.split(`\n### ${heading}\n`);
      const rows = section.split('\n#')[0]?.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm) ?? [];
      return [...rows]
        .flatMap(([, names = '']) => names.match(/\w+/g) ?? [])
        .map((name) => name.toLowerCase())
        .sort();
    };

    expect(told('Read')).toEqual(kinds('read').sort());
    expect(told('Left out')).toEqual(kinds('left out').sort());
    expect(told('Refused')).toEqual(kinds('refused').sort());
  });
});
