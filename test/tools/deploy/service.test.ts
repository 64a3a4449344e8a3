import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { explainVariables } from '../../../tools/deploy/function-variables.ts';
import { readService, type ServiceSource } from '../../../tools/deploy/service.ts';

const SOURCE: ServiceSource = {
  service: 'vod-upload',
  provider: {
    name: 'tencent',
    stage: 'dev',
    region: 'ap-singapore',
    runtime: 'Nodejs20.19',
    vpcConfig: { vpcId: '', subnetId: '' },
    environment: { variables: { SHARED: 'all', NUMBER: 7 } },
  },
  functions: {
    first: {
      handler: 'first.main_handler',
      memorySize: 256,
      role: 'Role',
      environment: { variables: { ONLY_FIRST: 'secret', EMPTY: '' } },
      events: [{ http: { path: '/first', enable: true } }],
      name: 'vod-upload-dev-first',
      package: {},
    },
    second: { handler: 'second.main_handler', requires: ['ONLY_FIRST'], events: [] },
    third: {
      handler: 'third.main_handler',
      vpcConfig: { vpcId: 'vpc-1', subnetId: 'subnet-1' },
      events: [
        {
          timer: { name: 'often', parameters: { cronExpression: '0 * * * * * *', enable: false } },
        },
      ],
    },
  },
};

const FUNCTIONS = readdirSync(new URL('../../../functions', import.meta.url)).map((source) =>
  source.replace('.ts', ''),
);

/** Variables of the platform, and of a stand-in for it on the same machine. */
const PLATFORM = /^TENCENTCLOUD_|^WEBHOOK_LOOPBACK$|^AUTH_JWKS_LOOPBACK$|^EVENT_BUS_API_/;

const UPLOAD_KEY = ['VOD_SECRET_ID', 'VOD_SECRET_KEY', 'VOD_PREVIOUS_SECRET_KEY'];

/**
 * Functions without the key have a role instead, and only keys for contexts; a variable for something that a function
 * does not do is left out.
 */
const NOT_HANDED_ON: Readonly<Record<string, readonly string[]>> = {
  pull: [...UPLOAD_KEY, 'SOURCE_CONTEXT_V1_UNTIL'],
  callback: [...UPLOAD_KEY, 'VOD_PULLS_PER_SECOND'],
  uploads: ['VOD_PULLS_PER_SECOND'],
  sweep: UPLOAD_KEY,
};

describe('readService()', () => {
  it('gives each function its own environment, without empty variables', () => {
    const { functions, leftOut } = readService(SOURCE, {});

    expect(functions.map(({ key, environment }) => [key, environment])).toEqual([
      ['first', { NUMBER: '7', ONLY_FIRST: 'secret', SHARED: 'all' }],
      ['third', { NUMBER: '7', SHARED: 'all' }],
    ]);
    expect(leftOut).toMatchObject([{ key: 'second', missing: ['ONLY_FIRST'] }]);
  });

  it("uses the provider's value if a function has none", () => {
    const { functions } = readService(SOURCE, { stage: 'prod', region: 'ap-seoul' });

    expect(functions).toMatchObject([
      {
        name: 'vod-upload-prod-first',
        runtime: 'Nodejs20.19',
        memorySize: 256,
        timeout: 3,
        role: 'Role',
        vpc: undefined,
        triggers: [{ type: 'http', name: 'url', enable: true, path: '/first' }],
      },
      {
        name: 'vod-upload-prod-third',
        memorySize: 128,
        role: undefined,
        vpc: { vpcId: 'vpc-1', subnetId: 'subnet-1' },
        triggers: [{ type: 'timer', name: 'often', enable: false, cron: '0 * * * * * *' }],
      },
    ]);
    expect(readService(SOURCE, { region: 'ap-seoul' }).region).toBe('ap-seoul');
  });

  it('creates API Gateway triggers if they are chosen', () => {
    const { functions } = readService({ ...SOURCE, custom: { httpTrigger: 'apigw' } }, {});

    expect(functions[0]?.triggers).toEqual([
      { type: 'apigw', name: 'api', enable: true, path: '/first' },
    ]);
  });

  it.each<[string, object, string]>([
    [
      'a misspelled field',
      { handler: 'a.b', memory: 1 },
      'functions.first.memory is not known here',
    ],
    ['text instead of a number', { handler: 'a.b', timeout: '5' }, 'functions.first.timeout'],
    ['no handler', {}, 'functions.first.handler is missing'],
    [
      'an unknown event',
      { handler: 'a.b', events: [{ cmq: {} }] },
      'an event of the type http or timer',
    ],
    [
      'an event without enable',
      { handler: 'a.b', events: [{ http: { path: '/a' } }] },
      'functions.first.events.0.http.enable must be true or false',
    ],
    [
      'a timer without enable',
      { handler: 'a.b', events: [{ timer: { name: 'a', parameters: { cronExpression: '' } } }] },
      'functions.first.events.0.timer.parameters.enable must be true or false',
    ],
    [
      'a path without a slash',
      { handler: 'a.b', events: [{ http: { path: 'a', enable: true } }] },
      'must begin with /',
    ],
  ])('refuses %s', (_name, entry, words) => {
    expect(() => readService({ ...SOURCE, functions: { first: entry } }, {})).toThrow(words);
  });

  it('refuses an unknown HTTP trigger', () => {
    expect(() => readService({ ...SOURCE, custom: { httpTrigger: 'x' } }, {})).toThrow(
      'custom.httpTrigger (HTTP_TRIGGER) must be url or apigw',
    );
  });
});

describe('serverless.yml', () => {
  const file = readFileSync(new URL('../../../serverless.yml', import.meta.url), 'utf8');

  it.each(FUNCTIONS)('passes to %s every variable that it reads, and no other', (name) => {
    const others = NOT_HANDED_ON[name] ?? [];
    const wanted = listRead(name).filter(
      (variable) => !PLATFORM.test(variable) && !others.includes(variable),
    );

    expect(wanted.length).toBeGreaterThan(3);
    expect(listHandedOn(file, name)).toEqual(wanted);
  });
});

/** Returns the variables that a function reads from its environment when it starts. */
function listRead(name: string): readonly string[] {
  const read = new Set<string>();
  const environment = new Proxy<Record<string, string>>(
    {},
    {
      has: (_, variable) => {
        read.add(String(variable));
        return false;
      },
      get: (_, variable) => {
        read.add(String(variable));
        return undefined;
      },
    },
  );
  explainVariables(name, environment);
  return [...read].sort();
}

/** Returns the variables of a function in the file, including those of lists that it uses whole. */
function listHandedOn(file: string, name: string): readonly string[] {
  const handedOn = (text: string) =>
    [...text.matchAll(/^ +([A-Z\d_]+): \$\{env:\1, ''\}$/gm)].map(([, variable = '']) => variable);
  const [, block = ''] = file.slice(file.indexOf('\nfunctions:')).split(`\n  ${name}:\n`);
  const [own = ''] = block.split(/\n {2}\w/);
  const [, lists = ''] = /<<: \[(.*)\]/.exec(own) ?? [];
  const taken = lists.split(', ').flatMap((list) => {
    const [, rest = ''] = file.split(`: &${list.slice(1)}\n`);
    return handedOn(rest.split(/\n {2}\w/)[0] ?? '');
  });
  return [...new Set([...taken, ...handedOn(own)])].sort();
}
