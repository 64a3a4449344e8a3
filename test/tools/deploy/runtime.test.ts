import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_RUNTIME,
  explainRuntime,
  RUNTIMES,
  readRuntime,
} from '../../../tools/deploy/runtime.ts';

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');

/** Returns the major versions of Node.js with the oldest minor of each, from a range such as `^20.19.0 || ^22.13.0`. */
function readEngines(range: string): ReadonlyMap<number, number> {
  const oldest = [...range.matchAll(/\^(\d+)\.(\d+)\.0(?: \|\| |$)/g)];
  return new Map(oldest.map(([, major, minor]) => [Number(major), Number(minor)]));
}

const engines = readEngines(JSON.parse(read('package.json')).engines.node);

describe('readRuntime()', () => {
  it.each([
    [{}, DEFAULT_RUNTIME],
    [{ RUNTIME: '' }, DEFAULT_RUNTIME],
    [{ RUNTIME: ' Nodejs22.21\n' }, 'Nodejs22.21'],
    [{ RUNTIME: 'nodejs22.21' }, 'nodejs22.21'],
  ])('reads from %j the runtime %s', (environment, runtime) => {
    expect(readRuntime(environment)).toBe(runtime);
  });

  it('has the same default as serverless.yml', () => {
    expect(read('serverless.yml')).toContain(`runtime: \${env:RUNTIME, '${DEFAULT_RUNTIME}'}`);
  });
});

describe('explainRuntime()', () => {
  it.each(RUNTIMES)('accepts %s, whose Node.js is supported by package.json', (runtime) => {
    const [, major, minor] = /^Nodejs(\d+)\.(\d+)$/.exec(runtime) ?? [];

    expect(explainRuntime(runtime)).toBeUndefined();
    expect(Number(minor)).toBeGreaterThanOrEqual(engines.get(Number(major)) ?? Number.NaN);
  });

  it.each(['', 'Nodejs', '22', 'v22.21', 'nodejs22.21', 'Nodejs18.15', 'Nodejs22.12', 'Python3.9'])(
    'explains what is wrong with %j',
    (runtime) => {
      expect(explainRuntime(runtime)).toBe(
        `RUNTIME must be Nodejs20.19, Nodejs22.21 or Nodejs24.11, on which the functions are tested, and is ${runtime || 'empty'}`,
      );
    },
  );
});

describe('the versions of Node.js', () => {
  const majors = [...engines.keys()].map(String);

  it('are the same in package.json and in both runs of the tests', () => {
    const [, matrix = ''] = /^ +node: \[(.+)\]$/m.exec(read('.github/workflows/ci.yml')) ?? [];
    const [, others = ''] = /^OTHER_NODES=\((.+)\)$/m.exec(read('.ci/run')) ?? [];

    expect(matrix.split(', ')).toEqual(majors.map((major) => `'${major}'`));
    expect(new Set(others.split(' ').map((version) => version.split('.')[0]))).toEqual(
      new Set(majors),
    );
  });

  it('begin with the version of .nvmrc and of the development container', () => {
    const { image } = JSON.parse(read('.devcontainer/devcontainer.json'));

    expect(read('.nvmrc').trim()).toBe(majors[0]);
    expect(image).toMatch(new RegExp(`:${majors[0]}-`));
  });
});
