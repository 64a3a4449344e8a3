import { expect, it } from 'vitest';
import { localAccount } from '../../tools/local/emulator/account.ts';
import { FROM_FILE } from '../../tools/local/local-environment.ts';
import { defineFunctions } from '../../tools/local/local-functions.ts';
import { makeLocalKeys } from '../../tools/local/local-keys.ts';
import { START_HELP } from '../../tools/local/read-start.ts';
import { readFile, sectionOf } from './documents.ts';

/** Variables that the local stack sets itself, or leaves out, and why. */
const SET_BY_STACK: Readonly<Record<string, string>> = {
  'DATABASE_URL DATABASE_CA VOD_EVENT_MODE':
    'settings of the stack, which has a database without them',
  'VOD_SECRET_ID VOD_SECRET_KEY VOD_PREVIOUS_SECRET_KEY VOD_SUB_APP_ID': 'of the emulated account',
  'VOD_API_ENDPOINT VOD_API_PROTOCOL VOD_REGION': 'the emulator',
  'AUTH AUTH_JWT_SECRET AUTH_JWKS_URL AUTH_JWKS_LOOPBACK': 'tokens are those of the stack',
  'AUTH_JWT_ISSUER AUTH_JWT_AUDIENCE AUTH_AUDIENCE_CLAIM': 'tokens are those of the stack',
  'AUTH_SCOPE_CLAIM AUTH_SCOPE_PREFIX': 'tokens are those of the stack',
  CORS_ORIGINS: 'DEV_ORIGINS says who may call the stack',
  'SOURCE_CONTEXT_KEYS CALLBACK_SIGN_KEYS': 'made for each LOCAL_DIR',
  'SOURCE_CONTEXT_V1_UNTIL CALLBACK_SHARED_SIGN_KEY_UNTIL': 'for upgrades of a deployment',
  'RETENTION_EXPORT RETENTION_EXPORT_REGION': 'a bucket in the cloud',
  WEBHOOK_LOOPBACK: 'always allowed here',
  'EVENT_BUS_ID EVENT_BUS_REGION EVENT_BUS_EVENTS': 'an event bus in the cloud',
  'EVENT_BUS_API_ENDPOINT EVENT_BUS_API_PROTOCOL': 'an event bus in the cloud',
};

/** Names of the cloud's or other machines' addresses and of secrets: only the environment may have them. */
const NOT_FROM_FILE = ['WEBHOOK_ENDPOINTS', 'WEBHOOK_PORTS', 'PULL_HOSTS', 'PULL_PORTS'];

const ROW = /^\| ((?:`[A-Z\d_]+`(?:, )?)+) \| ([^|]+) \|/gm;
const section = sectionOf('docs/configuration.md', 'Variables of the functions');
const documented = [...section.matchAll(ROW)].flatMap(([, names = '', functions = '']) =>
  (names.match(/[A-Z\d_]+/g) ?? []).map((name) => ({
    name,
    readers: (functions.match(/[a-z]+/g) ?? []).sort(),
  })),
);
const ownNames = Object.keys(SET_BY_STACK).flatMap((names) => names.split(' '));
const passed = documented.filter(({ name }) => !ownNames.includes(name));

/** Returns the functions that get a value of the developer's for a variable. */
function listReceivers(name: string): readonly string[] {
  const { functions, timed } = defineFunctions({
    ...{ code: '', databaseUrl: 'postgres://localhost', publicNames: {}, keys: makeLocalKeys() },
    ...{ account: localAccount(), eventMode: 'PUSH', origin: 'http://localhost' },
    chosen: { [name]: 'chosen-value' },
  });
  return [...functions, ...timed]
    .filter(({ environment }) => environment[name]?.includes('chosen-value'))
    .map((each) => each.name)
    .sort();
}

it.each(passed)(
  'the local stack gives $name to the functions that read it',
  ({ name, readers }) => {
    expect(listReceivers(name)).toEqual(readers);
  },
);

it('the local stack keeps for itself what the list says, all of which is documented', () => {
  expect(passed.length).toBeGreaterThan(5);
  expect(documented.map(({ name }) => name)).toEqual(expect.arrayContaining(ownNames));
  expect(ownNames.filter((name) => listReceivers(name).length > 0)).toEqual([]);
});

it.each(passed)('the help of npm start and docs/local-stack.md name $name', ({ name }) => {
  expect(START_HELP).toContain(name);
  expect(sectionOf('docs/local-stack.md', 'Settings')).toContain(`\`${name}\``);
});

it('the local stack reads from .env what it passes on, except for addresses', () => {
  const names = passed.map(({ name }) => name);

  expect(FROM_FILE).toEqual(
    expect.arrayContaining(names.filter((name) => !NOT_FROM_FILE.includes(name))),
  );
  expect(FROM_FILE.filter((name) => NOT_FROM_FILE.includes(name))).toEqual([]);
});

/** Returns the names of variables in a text, in order of the alphabet. */
function listNames(text: string): readonly string[] {
  return (text.match(/\b[A-Z_]{4,}\b/g) ?? []).sort();
}

it('.env.example names what the local stack reads from such a file, and nothing else', () => {
  const [, part = ''] =
    /^# --- The local stack [^\n]*\n(.+?)^# ---/ms.exec(readFile('.env.example')) ?? [];
  const [, others = ''] = /reads these from this file, and\s(.+?)\. /s.exec(part) ?? [];
  const listed = [...part.matchAll(/^#([A-Z_]+)=/gm)].map(([, name]) => name);

  expect(listNames([...listed, others].join())).toEqual([...FROM_FILE].sort());
});

it('docs/local-stack.md names what the local stack reads from .env, and nothing else', () => {
  const [, told = ''] =
    /`\.env` may have (.+?) too\./s.exec(sectionOf('docs/local-stack.md', 'Settings')) ?? [];

  expect(listNames(told)).toEqual([...FROM_FILE].sort());
});
