import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { bundleAsset } from './bundle-asset.ts';

/** A file that the page needs. */
export interface PageAsset {
  readonly contentType: string;
  readonly content: Buffer;
}

const PAGE = new URL('./page/', import.meta.url);

// Files of packages are served byte for byte.
const require = createRequire(import.meta.url);

/** Returns the files of the page that shows openapi.json, by path. */
async function loadDocsAssets(): Promise<readonly (readonly [string, PageAsset])[]> {
  const [html, css, script, viewer, style, openapi] = await Promise.all([
    readFile(new URL('docs/docs.html', PAGE)),
    bundleAsset('docs/docs.css'),
    bundleAsset('docs/docs.ts', 'iife'),
    readFile(require.resolve('swagger-ui-dist/swagger-ui-bundle.js')),
    readFile(require.resolve('swagger-ui-dist/swagger-ui.css')),
    readFile(new URL('../../docs/openapi.json', import.meta.url), 'utf8'),
  ]);
  // This stack is the only server of its own document, whatever its port.
  const document = { ...JSON.parse(openapi), servers: [{ url: '/' }] };
  return [
    ['/docs', { contentType: 'text/html; charset=utf-8', content: html }],
    ['/docs.css', { contentType: 'text/css; charset=utf-8', content: css }],
    ['/docs.js', { contentType: 'text/javascript; charset=utf-8', content: script }],
    ['/swagger-ui.css', { contentType: 'text/css; charset=utf-8', content: style }],
    ['/swagger-ui.js', { contentType: 'text/javascript; charset=utf-8', content: viewer }],
    [
      '/openapi.json',
      { contentType: 'application/json', content: Buffer.from(JSON.stringify(document)) },
    ],
  ];
}

/** Returns the files of the pages by path, ready to serve. */
export async function loadPageAssets(): Promise<ReadonlyMap<string, PageAsset>> {
  const [html, css, page, shim, sdk, docs] = await Promise.all([
    readFile(new URL('index.html', PAGE)),
    bundleAsset('page.css'),
    bundleAsset('page.tsx', 'esm'),
    bundleAsset('shim/shim.ts', 'iife'),
    readFile(require.resolve('vod-js-sdk-v6/dist/vod-js-sdk-v6.js')),
    loadDocsAssets(),
  ]);
  return new Map([
    ['/', { contentType: 'text/html; charset=utf-8', content: html }],
    ['/page.css', { contentType: 'text/css; charset=utf-8', content: css }],
    ['/page.js', { contentType: 'text/javascript; charset=utf-8', content: page }],
    ['/shim.js', { contentType: 'text/javascript; charset=utf-8', content: shim }],
    ['/sdk.js', { contentType: 'text/javascript; charset=utf-8', content: sdk }],
    ...docs,
  ]);
}
