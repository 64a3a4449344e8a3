import { beforeEach, describe, expect, it } from 'vitest';
import { EMULATOR_CONTROLS } from '../../../tools/vod-emulator/controls.ts';
import { OPTION_LIST } from '../../../tools/vod-emulator/options.ts';
import { blocksOf } from '../../documents/blocks.ts';
import { sectionOf } from '../../documents/documents.ts';
import { startShell } from '../../documents/shell.ts';
import { requirePresent } from '../../support/requirement.ts';
import { useEmulatorProcess } from './emulator-process.ts';

const DOCUMENT = 'docs/emulator.md';
const stage = useEmulatorProcess();

describe(DOCUMENT, () => {
  it('has every flag with its value, its variable and what it is without them', () => {
    const rows = [
      ...sectionOf(DOCUMENT, 'Start').matchAll(
        /^\| `--([a-z-]+)(?: ([A-Z]+))?` \| `(\w+)` \| (.+) \|$/gm,
      ),
    ];

    expect(rows.map(([, name, value, variable]) => ({ name, value, variable }))).toEqual(
      OPTION_LIST.map(([name, { value, variable }]) => ({ name, value, variable })),
    );
    for (const [index, [, , , , meaning]] of rows.entries()) {
      const fallback = OPTION_LIST[index]?.[1].fallback;
      if (fallback !== undefined) expect(meaning).toMatch(/by default/);
      expect(meaning).toContain(fallback ?? '');
    }
  });

  it('has every control, and no other', () => {
    const section = sectionOf(DOCUMENT, 'Controls');
    const rows = [...section.matchAll(/`((?:GET|POST) \/__local\/[a-z-]+)`/g)];
    const paths = (names: readonly string[]) =>
      new Set(names.map((name) => name.slice(name.indexOf('/'))));

    const told = rows.map(([, name = '']) => name);
    expect(told.length).toBeGreaterThan(10);
    expect(paths(told)).toEqual(paths(['GET /__local/events', ...EMULATOR_CONTROLS]));
    const known = ['GET /__local/events', ...EMULATOR_CONTROLS];
    expect(told.filter((name) => !known.includes(name))).toEqual([]);
  });
});

describe('the shell blocks for an emulator that runs alone', () => {
  beforeEach((context) => requirePresent(context, 'curl'));

  it('run one after another', async () => {
    const blocks = blocksOf('sh', 'emulator');
    const { origin } = await stage.start();
    const script = blocks.map(({ text }) => text).join('\n');

    const shell = startShell(script.replaceAll('localhost:3001', new URL(origin).host));

    expect(blocks.length).toBeGreaterThan(1);
    expect([await shell.ended, shell.output().err]).toEqual([0, '']);
  });
});
