import { describe, expect, it } from 'vitest';
import { STEP_MILLISECONDS } from '../support/chromium.ts';
import { useBrowserStage } from './browser-stage.ts';

const stage = useBrowserStage(undefined, { per: 'file' });
const SIGNATURE = '#operations-Apps-createSignature';

/** Opens the page at a width, and collects what it requests and what its console says. */
async function openDocs(width: number) {
  const context = await stage.browser.newContext({ viewport: { width, height: 900 } });
  context.setDefaultTimeout(STEP_MILLISECONDS);
  const page = await context.newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${stage.stack.origin}/docs`);
  await page.click(`${SIGNATURE} .opblock-summary-control`);
  await page.waitForSelector(`${SIGNATURE} .responses-table`);
  return { page, requests, complaints };
}

describe('/docs', () => {
  it.each([1_280, 390])(
    'shows every route and message at %i pixels, from this host alone',
    async (width) => {
      const { page, requests, complaints } = await openDocs(width);

      const response = await fetch(`${stage.stack.origin}/openapi.json`);
      const document = Object(await response.json());
      const routes = Object.values(document.paths).flatMap((path) => Object.keys(Object(path)));
      expect(await page.locator('.opblock').count()).toBe(
        routes.length + Object.keys(document.webhooks).length,
      );
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(
        requests.filter((url) => !/^data:/.test(url) && !url.startsWith(stage.stack.origin)),
      ).toEqual([]);
      expect(complaints).toEqual([]);
    },
  );

  it('tries a request on the stack, whatever its port', async () => {
    const { page } = await openDocs(1_280);

    await page.click(`${SIGNATURE} .try-out__btn`);
    const answer = page.waitForResponse(`${stage.stack.origin}/signature`);
    await page.click(`${SIGNATURE} .execute`);

    const answered = await answer;
    expect(answered.status()).toBe(200);
    expect(await answered.json()).toMatchObject({ signature: expect.any(String) });
  });
});
