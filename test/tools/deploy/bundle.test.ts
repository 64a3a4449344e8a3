import { readdir } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundleFunctions } from '../../../tools/deploy/bundle.ts';
import { captureLog } from '../../support/capture-log.ts';
import { loadBundle } from './load-bundle.ts';
import { PARTS } from './parts.ts';

/**
 * Maximum sizes of bundles in bytes; 110 kB for those that are not named. No caller waits for `callback` and `sweep` to
 * start.
 */
const LIMITS: Readonly<Record<string, number>> = {
  ...{ signature: 45_000, uploads: 45_000, pull: 80_000 },
  ...{ callback: 150_000, sweep: 163_000, ledger: 120_000 },
};

type Handler = (event: object, context: object) => Promise<object>;

let bundles: readonly Bundle[];
let functions: readonly Bundle[];
let parts: readonly Bundle[];
captureLog();

beforeAll(async () => {
  bundles = await bundleFunctions();
  functions = bundles.filter(({ name }) => !PARTS.includes(name));
  parts = bundles.filter(({ name }) => PARTS.includes(name));
});

function readers(text: string): readonly string[] {
  return bundles.filter(({ code }) => Buffer.from(code).includes(text)).map(({ name }) => name);
}

describe('bundleFunctions()', () => {
  it('builds every function with the entry point that the platform calls', async () => {
    const sources = await readdir(new URL('../../../functions/', import.meta.url));

    expect(functions.map(({ name }) => `${name}.ts`).sort()).toEqual(sources.sort());
    for (const bundle of functions) {
      expect(await loadBundle(bundle, parts), bundle.name).toHaveProperty('main_handler');
    }
  });

  it('excludes from a function what only another one reads', () => {
    expect(readers('CALLBACK_SIGN_KEYS')).toEqual(['callback']);
    expect(readers('SOURCE_CONTEXT_V1_UNTIL')).not.toContain('signature');
    expect(readers('VOD_API_ENDPOINT')).not.toContain('signature');
    expect(readers('VOD_API_ENDPOINT')).not.toContain('uploads');
    expect(readers('VOD_CALLS_PER_SECOND')).toEqual([
      ...['callback', 'pull', 'sweep'],
      'progress-config',
    ]);
  });

  it('excludes schemas, their expressions, and lists of addresses that nothing reads', () => {
    expect(readers('Emoji_Modifier')).toEqual([]);
    expect(readers('carrierGradeNat')).toEqual(['database-url']);
    expect(readers('CREATE_REPLICATION_SLOT')).toEqual([]);
  });

  it('excludes what schemas say for documents alone', () => {
    expect(readers('type:"metadata"')).toEqual([]);
    expect(readers('x-maxBytes')).toEqual([]);
  });

  it('builds each part once, and functions load it from there', () => {
    const names = functions.map(({ name }) => name);
    expect(parts.map(({ name }) => name).sort()).toEqual(PARTS);
    expect(readers('insert into uploads')).toEqual(['ledger']);
    expect(readers('require("./ledger.js")')).toEqual(names);
    expect(readers('require("./settings.js")')).toEqual(names);
    expect(readers('require("./verify-token.js")')).toEqual(['pull', 'signature', 'uploads']);
    expect(readers('require("./narrow-by-claim.js")')).toEqual(['pull', 'signature']);
    expect(readers('require("./bound-signature.js")')).toEqual(['signature']);
    expect(readers('require("./open-durable.js")')).toEqual(['pull']);
    expect(readers('require("./message-feed.js")')).toEqual(['uploads']);
    expect(readers('require("./operator-routes.js")')).toEqual(['uploads']);
    expect(readers('require("./feed.js")')).toEqual(['ledger']);
    expect(readers('require("./dead-deliveries.js")')).toEqual(['ledger']);
  });

  it.each(['signature', 'pull', 'uploads'])('loads %s without any part', async (name) => {
    const bundle = functions.find((each) => each.name === name);

    expect(bundle && (await loadBundle(bundle))).toHaveProperty('main_handler');
  });

  it('builds functions that answer, even if all variables are missing', async () => {
    for (const bundle of functions) {
      const { main_handler } = (await loadBundle(bundle, parts)) as { main_handler: Handler };

      const answer = await main_handler({ httpMethod: 'PUT' }, {});

      const status = Reflect.get(answer, 'statusCode') ?? Reflect.get(answer, 'problem')?.status;
      expect(status, bundle.name).toBe(500);
    }
  });

  it('returns the same bytes for the same sources', async () => {
    expect(await bundleFunctions()).toEqual(bundles);
  });

  it('keeps bundles small', () => {
    const tooLarge = bundles.filter(({ name, code }) => code.length > (LIMITS[name] ?? 110_000));

    expect(tooLarge.map(({ name, code }) => `${name}: ${code.length} bytes`)).toEqual([]);
  });
});
