import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { STEP_MILLISECONDS } from '../support/chromium.ts';
import type { MadeFile } from '../support/made-file.ts';
import type { BrowserStage } from './browser-stage.ts';

/** What an upload on the page is to be. */
interface UploadPlan {
  readonly file: MadeFile | { readonly name: string; readonly seconds: number };
  readonly cover?: MadeFile;
  readonly request?: Readonly<Record<string, unknown>>;
}

interface State {
  readonly name: string;
  readonly loaded?: number;
  readonly problem?: Readonly<Record<string, unknown>>;
  readonly upload?: { readonly fileId?: string; readonly mediaUrl?: string };
}

interface Seen {
  readonly id?: string;
  readonly state: State;
  readonly names: readonly string[];
}

type Action = 'pause' | 'resume' | 'cancel' | 'stop';

declare const window: {
  isSignedIn: boolean;
  begin(key: string, plan: UploadPlan): void;
  act(key: string, action: Action): Promise<void>;
  see(key: string): Seen | undefined;
  unfinished(): readonly object[];
};

/** A page of an app that uses the client with the vendor's SDK. */
export interface ClientPage {
  readonly page: Page;
  begin(key: string, plan: UploadPlan): Promise<void>;
  act(key: string, action: Action): Promise<void>;
  see(key: string): Promise<Seen>;
  signIn(isSignedIn: boolean): Promise<void>;
  unfinished(): Promise<readonly object[]>;
  /** Resolves when the upload is in this state, and with `loaded` when as many bytes are sent. */
  reaches(key: string, name: string, loaded?: number): Promise<State>;
}

/** Opens such a page of the stage's stack. */
export async function openClientPage({ browser, stack }: BrowserStage): Promise<ClientPage> {
  const program = await bundleProgram();
  const context = await browser.newContext();
  context.setDefaultTimeout(STEP_MILLISECONDS);
  const page = await context.newPage();
  await page.route(`${stack.origin}/app`, (route) =>
    route.fulfill({
      contentType: 'text/html',
      body: `<!doctype html><title>app</title>
        <script src="/shim.js"></script><script src="/sdk.js"></script><script>${program}</script>`,
    }),
  );
  await page.goto(`${stack.origin}/app`);
  return {
    page,
    begin: (key, plan) => page.evaluate(([k, p]) => window.begin(k, p), [key, plan] as const),
    act: (key, action) => page.evaluate(([k, a]) => window.act(k, a), [key, action] as const),
    see: (key) => page.evaluate((k) => window.see(k) as Seen, key),
    signIn: (isSignedIn) =>
      page.evaluate((is) => {
        window.isSignedIn = is;
      }, isSignedIn),
    unfinished: () => page.evaluate(() => window.unfinished()),
    async reaches(key, name, loaded = 0) {
      const found = await page.waitForFunction(
        ([k, n, l]) => {
          const state = window.see(k)?.state;
          return state?.name === n && (state.loaded ?? l) >= l ? state : undefined;
        },
        [key, name, loaded] as const,
      );
      return (await found.jsonValue()) as State;
    },
  };
}

async function bundleProgram(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('../client/page-program.ts', import.meta.url))],
    ...{ bundle: true, format: 'iife', target: 'es2022', write: false },
  });
  return outputFiles[0]?.text ?? '';
}
