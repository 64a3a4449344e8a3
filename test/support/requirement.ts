import { spawnSync } from 'node:child_process';
import { beforeEach, type TestContext } from 'vitest';
import { findChromium } from './find-chromium.ts';
import { findPgBouncer } from './find-pgbouncer.ts';

interface Requirement {
  /** How to get it, after its name. */
  readonly advice: string;
  /** Which tests need it. */
  readonly tests: string;
  isPresent(): boolean;
}

/**
 * Programs and fonts that tests need and a machine may lack. Anyone who adds one adds it to `.ci/run` as well, which
 * installs all of them.
 */
const REQUIREMENTS = {
  chromium: {
    advice: 'install it, or set CHROMIUM_PATH',
    tests: 'tests in a browser',
    isPresent: () => findChromium() !== undefined,
  },
  curl: {
    advice: 'install it',
    tests: 'tests that do what the documents say',
    isPresent: () => runs('curl', '--version'),
  },
  fonts: {
    advice: 'install the packages fonts-noto-cjk and fonts-noto-core',
    tests: 'tests of names in Korean, Chinese and Arabic',
    isPresent: () => ['ko', 'zh-cn', 'ar'].every(hasFontOf),
  },
  openssl: {
    advice: 'install it',
    tests: 'tests whose servers need a certificate',
    isPresent: () => runs('openssl', 'version'),
  },
  pgbouncer: {
    advice: 'install the package pgbouncer',
    tests: 'tests that go through a pooler',
    isPresent: () => findPgBouncer() !== undefined,
  },
  python3: {
    advice: 'install it',
    tests:
      'tests that compare signatures and archives with what another language makes of them, and those on a terminal',
    isPresent: () => runs('python3', '--version'),
  },
} as const satisfies Readonly<Record<string, Requirement>>;

/** Something that a machine may lack. */
export type RequirementName = keyof typeof REQUIREMENTS;

/** If this variable is `all`, as in CI, no test may be skipped: a missing requirement fails the test. */
const REQUIRED = process.env['TEST_REQUIRE'] === 'all';

/** Does nothing if it is present; otherwise skips the test with a sentence, or fails it if no test may be skipped. */
export function requirePresent(context: TestContext, name: RequirementName): void {
  if (REQUIREMENTS[name].isPresent()) return;
  if (REQUIRED) throw new Error(explainMissing(name));
  context.skip(explainMissing(name));
}

/**
 * Makes it a requirement of every test of the file. Returns whether it is present, since hooks for the whole file run
 * before any test is skipped.
 */
export function useRequirement(name: RequirementName): boolean {
  beforeEach((context) => requirePresent(context, name));
  return REQUIREMENTS[name].isPresent();
}

/** Returns a sentence for each requirement that this machine lacks. */
export function listMissing(): readonly string[] {
  const names = Object.keys(REQUIREMENTS) as RequirementName[];
  return names.filter((name) => !REQUIREMENTS[name].isPresent()).map(explainMissing);
}

function explainMissing(name: RequirementName): string {
  const { advice, tests } = REQUIREMENTS[name];
  return `${name} is missing for ${tests}: ${advice}.`;
}

/** Returns whether there is a font of a language; false if that cannot be found out. */
function hasFontOf(language: string): boolean {
  const { status, stdout } = spawnSync('fc-list', [`:lang=${language}`], { encoding: 'utf8' });
  return status === 0 && stdout !== '';
}

function runs(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args).status === 0;
}
