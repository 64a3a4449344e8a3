import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { beforeEach, describe, expect, it } from 'vitest';
import { useRequirement } from '../support/requirement.ts';
import { useBrowserStage } from './browser-stage.ts';

const MEBIBYTE = 1024 * 1024;
const SAMPLES = 'http://samples.example.com';

const stage = useBrowserStage();
let page: Page;

beforeEach(async () => {
  page = await stage.openPage();
});

function setSpeed(bytesPerSecond: number | null) {
  return fetch(`${stage.stack.origin}/__local/speed`, {
    method: 'POST',
    body: JSON.stringify({ bytesPerSecond }),
  });
}

function reaches(phase: string) {
  return page.waitForSelector(`#upload-state[data-phase="${phase}"]`);
}

async function choose(name: string, bytes: number) {
  await page.setInputFiles('#file', await stage.makeFile(name, bytes));
}

/** What axe finds on one element, or what is measured if axe cannot decide. */
interface Finding {
  readonly rule: string;
  readonly target: string;
  /** Contrast of a text with its background. */
  readonly contrast?: number;
}

/** Resolves with what axe finds in both colour schemes, at the widths of a desktop and of a telephone. */
async function inspect(): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1280, 390]) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 900 });
      findings.push(...(await runAxe()));
    }
  }
  return findings;
}

async function runAxe(): Promise<readonly Finding[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(`(async () => {
    ${CONTRAST}
    const { violations, incomplete } = await axe.run(document, { elementRef: true });
    const list = (rules) => rules.flatMap(({ id, nodes }) =>
      nodes.map(({ target, element }) => ({ rule: id, target: target.join(' '), element })));
    // It cannot tell what a text stands on that is scrolled half away.
    const unclear = list(incomplete).map((finding) => finding.rule === 'color-contrast'
      ? { ...finding, contrast: contrastOfText(finding.element) }
      : finding);
    return [...list(violations), ...unclear]
      .filter(({ contrast = 0 }) => !(contrast >= 4.5))
      .map(({ rule, target, contrast }) => ({ rule, target, contrast }));
  })()`);
  return found as readonly Finding[];
}

/** Declares functions in the page that measure the contrast of two colours, and of a text with its background. */
const CONTRAST = `
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const readColour = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (colour) => {
    const [red, green, blue] = readColour(colour).map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (one, other) => {
    const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  };
  const backgroundOf = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return readColour(colour)[3] === 255 ? colour : backgroundOf(element.parentElement);
  };
  const contrastOfText = (element) => contrast(getComputedStyle(element).color, backgroundOf(element));
`;

describe('axe', () => {
  it('finds nothing before, during and after an upload', async () => {
    expect(await inspect()).toEqual([]);

    await choose('film.mp4', 40 * MEBIBYTE);
    await page.click('#options summary');
    expect(await inspect()).toEqual([]);
    await page.click('#options summary');

    await setSpeed(8 * MEBIBYTE);
    await page.click('#start');
    await page.waitForSelector('#pause[aria-disabled="false"]');
    await setSpeed(MEBIBYTE / 8);
    expect(await inspect()).toEqual([]);
    await page.click('#pause');
    await reaches('paused');
    expect(await inspect()).toEqual([]);
    await setSpeed(null);
    await page.click('#resume');
    await page.waitForSelector('#upload-state[data-ledger="ready"]');
    await page.waitForSelector('#received-lines', { state: 'attached' });
    for (const details of await page.locator('#result-card summary').all()) await details.click();
    await page.click('.recent [data-action="timeline"]');
    await page.waitForSelector('.recent .timeline-entry');
    expect(await inspect()).toEqual([]);
  });

  it('finds nothing after an error', async () => {
    stage.stack.faults.arm('expired-signature', 4);
    await choose('film.mp4', 1_000);
    await page.click('#start');
    await reaches('failed');
    expect(await inspect()).toEqual([]);
    await page.click('#reset');
    await choose('notes.pdf', 1_000);
    await page.waitForSelector('#file-problem');
    expect(await inspect()).toEqual([]);
  });

  it('finds nothing in the pull panel', async () => {
    await page.click('#pull-tab');
    expect(await inspect()).toEqual([]);
    const urls = [`${SAMPLES}/tone.wav`, `${SAMPLES}/missing.mp4`, 'http://10.0.0.7/video.mp4'];
    await page.fill('#pull-urls', urls.join('\n'));
    await page.click('#pull-start');
    for (const state of ['made', 'failed', 'refused']) {
      await page.waitForSelector(`.pull[data-state="${state}"]`);
    }
    await page.click('.pull[data-state="made"] button:text("IDs")');
    expect(await inspect()).toEqual([]);
  });

  it('finds nothing in the lab and in the panel for connecting an app', async () => {
    await choose('film.mp4', 1_000);
    await page.click('#start');
    await page.waitForSelector('#upload-state[data-ledger="ready"]');
    await page.click('nav a:text-is("Lab")');
    await page.click('[data-fault="lost-callback"]');
    await page.click('#sweep-run');
    await page.waitForSelector('[data-armed="true"]');
    expect(await inspect()).toEqual([]);
    await page.click('nav a:text-is("Connect your app")');
    expect(await inspect()).toEqual([]);
    await page.click('#curl-tab');
    expect(await inspect()).toEqual([]);
  });
});

/** Graphics that carry information, with their background: WCAG requires a contrast of 3:1. */
const GRAPHICS: readonly (readonly [selector: string, property: string, ground: string])[] = [
  ['.drop-zone label', 'border-top-color', '.ways-card'],
  ['.drop-icon path', 'stroke', '.drop-zone label'],
  ['.stage[data-state="waiting"] .stage-dot', 'border-top-color', '.ways-card'],
  ['.tab[aria-selected="true"]', 'border-bottom-color', '.ways-card'],
  ['#classId', 'border-top-color', '.ways-card'],
  ['#storageRegion', 'border-top-color', '.ways-card'],
  ['.logo rect', 'fill', 'body'],
];

describe('contrast', () => {
  it.each(['light', 'dark'] as const)('is at least 3:1 for graphics, %s', async (colorScheme) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await page.click('#options summary');

    for (const [selector, property, ground] of GRAPHICS) {
      const ratio = await measureContrast(selector, property, ground);
      expect(ratio, `${selector} on ${ground}`).toBeGreaterThanOrEqual(3);
    }
  });

  it.each(['light', 'dark'] as const)(
    'is at least 3:1 for the focus and for a finished stage, %s',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await choose('film.mp4', 16 * MEBIBYTE);
      await page.waitForSelector('#start:focus-visible');
      expect(await measureContrast('#start', 'outline-color', '.ways-card')).toBeGreaterThan(3);
      await page.click('#start');
      await page.waitForSelector('.stage[data-state="done"] .stage-dot');
      expect(
        await measureContrast(
          '.stage[data-state="done"] .stage-dot',
          'background-color',
          '.ways-card',
        ),
      ).toBeGreaterThanOrEqual(3);
    },
  );

  it.each(['light', 'dark'] as const)(
    'is at least 3:1 for the progress bar and the parts of an upload, %s',
    async (colorScheme) => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await setSpeed(8 * MEBIBYTE);
      await choose('film.mp4', 64 * MEBIBYTE);
      await page.click('#start');
      await page.waitForSelector('.part[data-state="stored"]');
      await setSpeed(MEBIBYTE / 8);
      await page.waitForSelector('#pause[aria-disabled="false"]');
      await page.click('#pause');
      await reaches('paused');

      for (const [selector, property, ground] of [
        ['progress', '--bar', 'progress'],
        ['.part[data-state="stored"]', 'background-color', '.ways-card'],
        ['.part-grid', '--accent-soft', '.ways-card'],
        [
          '.part[data-state="uploading"], .part[data-state="missing"]',
          'border-top-color',
          '.ways-card',
        ],
      ] as const) {
        const ratio = await measureContrast(selector, property, ground);
        expect(ratio, `${selector} on ${ground}`).toBeGreaterThanOrEqual(3);
      }
    },
  );

  /** Resolves with the contrast of a colour of one element with the background of another. */
  async function measureContrast(selector: string, property: string, ground: string) {
    const ratio = await page.evaluate(`(() => {
      ${CONTRAST}
      // A custom property has the text that was written, which an element resolves as its colour.
      const read = (where, what) => {
        const element = document.querySelector(where);
        const probe = element.parentElement.appendChild(document.createElement('i'));
        probe.style.color = getComputedStyle(element).getPropertyValue(what);
        const { color } = getComputedStyle(probe);
        probe.remove();
        return color;
      };
      return contrast(
        read(${JSON.stringify(selector)}, ${JSON.stringify(property)}),
        read(${JSON.stringify(ground)}, 'background-color'),
      );
    })()`);
    return Number(ratio);
  }
});

describe('the first view', () => {
  it('fits in 1,100 pixels of height at a width of 1280, however many uploads there are', async () => {
    await page.setViewportSize({ width: 1280, height: 720 });
    await page.waitForSelector('#recents-card:has-text("Nothing yet")');
    expect(await measureHeight()).toBeLessThanOrEqual(1_100);
    await beginUploads(4);
    await page.waitForSelector('#recents-more');
    expect(await measureHeight()).toBeLessThanOrEqual(1_100);
  });

  it('lists older uploads on request, in more than one page', async () => {
    await beginUploads(25);
    await page.reload();
    await page.waitForSelector('#recents-more');
    expect(await page.locator('.recent').count()).toBe(3);

    await page.click('#recents-more');
    await page.waitForSelector('.recent >> nth=22');
    await page.click('#recents-more');
    await page.waitForSelector('.recent >> nth=24');
    await page.waitForSelector('#recents-more', { state: 'detached' });
    expect(await page.locator('.recent').count()).toBe(25);
  });

  async function measureHeight(): Promise<number> {
    return Number(await page.evaluate('document.documentElement.scrollHeight'));
  }

  /** Begins uploads as the page does, but sends no file. */
  async function beginUploads(count: number): Promise<void> {
    const { origin } = stage.stack;
    const post = (path: string, body: object, headers = {}) =>
      fetch(`${origin}${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
    const answer = await post('/__local/token', { sub: 'local-page', scope: 'upload:sign' });
    const { token } = (await answer.json()) as { token: string };
    for (let place = 0; place < count; place += 1) {
      await post('/signature', {}, { authorization: `Bearer ${token}` });
    }
  }
});

/** Names as users write them, with the direction of their script. */
const NAMES = [
  ['Korean', '한국어 영화.mp4', 'ltr'],
  ['Korean, as macOS writes it', '한국어 영화.mp4'.normalize('NFD'), 'ltr'],
  ['Chinese', '中文视频（最终版）.mp4', 'ltr'],
  ['Arabic', 'فيديو العائلة.mp4', 'rtl'],
] as const;

describe('a name', () => {
  useRequirement('fonts');

  it.each(NAMES)(
    'in %s is shown with all its letters, in its own direction',
    async (_, name, direction) => {
      const shown = name.normalize('NFC');
      const file = { name, mimeType: 'video/mp4', buffer: Buffer.alloc(1_000, 7) };
      await page.setInputFiles('#file', file);
      expect(await page.innerText('#file-name')).toBe(shown);
      expect(await page.evaluate(`(${MISSING_GLYPHS})('#file-name')`)).toEqual([]);
      expect(await directionOf('#file-name bdi')).toBe(direction);

      await page.click('#start');
      await page.waitForSelector('#upload-state[data-ledger="ready"]');
      expect(await page.innerText('.result-name')).toBe(shown);
      const row = page.locator('.recent .row-name bdi');
      await row.waitFor();
      expect(`${await row.innerText()}.mp4`).toBe(shown);
      expect(await directionOf('.recent .row-name bdi')).toBe(direction);
    },
  );

  function directionOf(selector: string) {
    return page.evaluate(`getComputedStyle(document.querySelector('${selector}')).direction`);
  }
});

describe('a long name', () => {
  it('of 200 letters does not make a page of 390 pixels wider in any state', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const name = `${'n'.repeat(196)}.mp4`;
    const widths: unknown[] = [];
    const measure = async () =>
      widths.push(await page.evaluate('document.documentElement.scrollWidth'));
    await choose(name, 16 * MEBIBYTE);
    await measure();
    await setSpeed(4 * MEBIBYTE);
    await page.click('#start');
    await page.waitForSelector('#pause[aria-disabled="false"]');
    await measure();
    await page.reload();
    await page.waitForSelector('#resume-banner');
    await measure();
    await setSpeed(null);
    await choose(name, 16 * MEBIBYTE);
    await page.click('#start');
    await page.waitForSelector('#upload-state[data-ledger="ready"]');
    await page.waitForSelector('.recent[data-state="ready"]');
    await measure();
    await page.click('nav a:text-is("Lab")');
    await page.waitForSelector('.library li');
    await measure();

    expect(widths.filter((width) => Number(width) > 390)).toEqual([]);
  });
});

/**
 * Returns the letters of an element for which no font of this machine has a glyph: each is drawn, and compared with a
 * letter that no font can have.
 */
const MISSING_GLYPHS = `(selector) => {
  const element = document.querySelector(selector);
  const { font } = getComputedStyle(element);
  const canvas = Object.assign(document.createElement('canvas'), { width: 64, height: 64 });
  const context = canvas.getContext('2d', { willReadFrequently: true });
  context.font = font;
  const draw = (letter) => {
    context.clearRect(0, 0, 64, 64);
    context.fillText(letter, 8, 40);
    return context.getImageData(0, 0, 64, 64).data.join();
  };
  const missing = draw('\\u{10FFFD}');
  return [...new Set(element.textContent)].filter((letter) => letter.trim() && draw(letter) === missing);
}`;
