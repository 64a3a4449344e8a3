import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { bundleAsset } from './bundle-asset.ts';

/** A file that the page needs. */
export interface PageAsset {
  readonly contentType: string;
  readonly content: Buffer;
}

const PAGE = new URL('./page/', import.meta.url);

/** Returns the page's files by path, ready to serve. */
export async function loadPageAssets(): Promise<ReadonlyMap<string, PageAsset>> {
  const [html, css, page, shim, sdk] = await Promise.all([
    readFile(new URL('index.html', PAGE)),
    bundleAsset('page.css'),
    bundleAsset('page.tsx', 'esm'),
    bundleAsset('shim/shim.ts', 'iife'),
    // The vendor's own build, byte for byte.
    readFile(createRequire(import.meta.url).resolve('vod-js-sdk-v6/dist/vod-js-sdk-v6.js')),
  ]);
  return new Map([
    ['/', { contentType: 'text/html; charset=utf-8', content: html }],
    ['/page.css', { contentType: 'text/css; charset=utf-8', content: css }],
    ['/page.js', { contentType: 'text/javascript; charset=utf-8', content: page }],
    ['/shim.js', { contentType: 'text/javascript; charset=utf-8', content: shim }],
    ['/sdk.js', { contentType: 'text/javascript; charset=utf-8', content: sdk }],
  ]);
}
