import { describe, expect, it } from 'vitest';
import { explainCorsHeader, explainOrigin } from '../../../lib/config/cors-config.ts';
import { readUploadsConfig } from '../../../lib/config/uploads-config.ts';

const read = (environment: Readonly<Record<string, string>>) =>
  readUploadsConfig({ AUTH: 'none', ...environment });

describe('explainOrigin()', () => {
  it.each([
    'https://app.example.com',
    'https://app.example.com:8443',
    'http://localhost',
    'http://localhost:5173',
    'http://127.0.0.1:3000',
    'http://[::1]:3000',
    'http://192.168.1.7:8080',
    'https://xn--bcher-kva.example',
    // Capacitor, Ionic and Cordova on Android and iOS.
    'https://localhost',
    'capacitor://localhost',
    'ionic://localhost',
    'app://localhost',
    // Tauri on macOS, iOS and Linux, on Windows and Android, and in development.
    'tauri://localhost',
    'http://tauri.localhost',
    'https://tauri.localhost',
    'tauri://localhost:1420',
    // Electron, with the scheme that an app registers.
    'app://.',
    'app://-',
    'app://bundle',
    'com.example.app://main',
    'vscode-webview://0a1b2c3d',
    // Extensions of Chrome, Firefox and Safari.
    'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
    'moz-extension://0a1b2c3d-0000-4000-8000-0123456789ab',
    'safari-web-extension://0CE1C6C1-0000-4000-8000-0123456789AB',
    // Patterns.
    'https://*.example.com',
    'https://*.example.com:8443',
    'http://*.staging.example.co.uk',
  ])('accepts %s', (entry) => {
    expect(explainOrigin(entry)).toBeUndefined();
  });

  it.each([
    ['https://app.example.com/', 'https://app.example.com'],
    ['https://app.example.com/login?next=%2F#top', 'https://app.example.com'],
    ['https://App.Example.com', 'https://app.example.com'],
    ['HTTPS://app.example.com', 'https://app.example.com'],
    ['https://app.example.com:443', 'https://app.example.com'],
    ['http://app.example.com:80', 'http://app.example.com'],
    ['https://app.example.com:08443', 'https://app.example.com:8443'],
    ['https:/app.example.com', 'https://app.example.com'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['app.example.com', 'https://app.example.com'],
    ['app.example.com:8443', 'https://app.example.com:8443'],
    ['//app.example.com', 'https://app.example.com'],
    ['bücher.example', 'https://xn--bcher-kva.example'],
    ['localhost:5173', 'http://localhost:5173'],
    ['127.0.0.1:5173', 'http://127.0.0.1:5173'],
    ['capacitor://localhost/', 'capacitor://localhost'],
    ['capacitor://localhost/index.html', 'capacitor://localhost'],
    ['Capacitor://localhost', 'capacitor://localhost'],
    ['https://*.example.com/', 'https://*.example.com'],
    ['https://*.example.com:443', 'https://*.example.com'],
    ['https://*.Example.com', 'https://*.example.com'],
    ['https://*.bücher.example', 'https://*.xn--bcher-kva.example'],
  ])('explains how to write %s', (entry, origin) => {
    expect(explainOrigin(entry)).toBe(`must be written as ${origin}`);
    expect(explainOrigin(origin)).toBeUndefined();
  });

  it.each([
    ['*', 'no pattern stands for every web site'],
    ['null', 'sandboxed frame'],
    ['file://', 'sandboxed frame'],
    ['file:///android_asset/index.html', 'sandboxed frame'],
    // The wildcard is part of a label, not in the first label, repeated, below a public suffix, or not in a host name.
    ['https://*', 'may have a * only as the whole first label'],
    ['*://app.example.com', 'may have a * only as the whole first label'],
    ['https://*:8443', 'may have a * only as the whole first label'],
    ['https://*.com', 'may have a * only as the whole first label'],
    ['https://*.co.uk', 'may have a * only as the whole first label'],
    ['https://*.com.au', 'may have a * only as the whole first label'],
    ['https://*.localhost', 'may have a * only as the whole first label'],
    ['https://*.example.com.', 'may have a * only as the whole first label'],
    ['https://*.10.0.0.1', 'may have a * only as the whole first label'],
    ['https://*.0.0.1', 'may have a * only as the whole first label'],
    ['https://*.[::1]', 'may have a * only as the whole first label'],
    ['https://*example.com', 'may have a * only as the whole first label'],
    ['https://app-*.example.com', 'may have a * only as the whole first label'],
    ['https://*-app.example.com', 'may have a * only as the whole first label'],
    ['https://app.*.example.com', 'may have a * only as the whole first label'],
    ['https://app.example.*', 'may have a * only as the whole first label'],
    ['https://*.*.example.com', 'may have a * only as the whole first label'],
    ['https://**.example.com', 'may have a * only as the whole first label'],
    ['https://*.example.com:*', 'may have a * only as the whole first label'],
    ['http://localhost:*', 'may have a * only as the whole first label'],
    ['*.example.com', 'may have a * only as the whole first label'],
    ['http*://app.example.com', 'may have a * only as the whole first label'],
    ['chrome-extension://*', 'may have a * only as the whole first label'],
    ['capacitor://*.example.com', 'may have a * only as the whole first label'],
    // Several origins in one entry, or an entry with characters of a list in another language.
    ['https://a.example.com https://b.example.com', 'exact origin alone'],
    ['https://a.example.com;https://b.example.com', 'exact origin alone'],
    ['"https://a.example.com"', 'exact origin alone'],
    ['["https://a.example.com"', 'exact origin alone'],
    ['[https://a.example.com', 'exact origin alone'],
    // Not an origin at all.
    ['https://', 'exact origin alone'],
    ['https://app.example.com:port', 'exact origin alone'],
    ['https://app.example.com:99999', 'exact origin alone'],
    ['https//app.example.com', 'exact origin alone'],
    ['app://', 'exact origin alone'],
    ['capacitor:localhost', 'exact origin alone'],
    ['capacitor', 'exact origin alone'],
    ['data:text/html,', 'exact origin alone'],
    ['about:blank', 'exact origin alone'],
    ['javascript:alert(1)', 'exact origin alone'],
    ['htps://app.example.com', 'exact origin alone'],
    ['httpss://app.example.com', 'exact origin alone'],
    ['wss://app.example.com', 'exact origin alone'],
    ['ftp://app.example.com', 'exact origin alone'],
  ])('refuses %s', (entry, reason) => {
    expect(explainOrigin(entry)).toContain(reason);
  });

  it.each([
    'https://canary:canary@app.example.com',
    'app://canary@bundle',
    'canary@app.example.com',
    'mysql://canary:canary@db/canary',
    '[{"url":"canary"',
    'canary',
    'https://app.example.com/canary?canary#canary',
  ])('quotes nothing of %s except an origin', (entry) => {
    expect(explainOrigin(entry)).toBeDefined();
    expect(explainOrigin(entry)).not.toContain('canary');
  });
});

describe('CORS_ORIGINS', () => {
  it('is a list of origins and patterns', () => {
    const environment = {
      CORS_ORIGINS: 'https://app.example.com, capacitor://localhost,\nhttps://*.example.com',
    };

    expect(read(environment).corsOrigins).toEqual([
      'https://app.example.com',
      'capacitor://localhost',
      'https://*.example.com',
    ]);
    expect(read({}).corsOrigins).toEqual([]);
  });

  it('is refused with a message for every invalid entry', () => {
    const CORS_ORIGINS = 'app.example.com, https://app.example.com, https://App.example.com';

    expect(() => read({ CORS_ORIGINS })).toThrow(
      'CORS_ORIGINS entry 1 must be written as https://app.example.com, and entry 3 must be written as https://app.example.com',
    );
  });
});

describe('CORS_HEADERS', () => {
  it('is a list of header names', () => {
    const CORS_HEADERS = 'X-Client-Version, x-datadog-trace-id,b3,X-Requested-With';

    expect(read({ CORS_HEADERS }).corsHeaders).toEqual([
      'X-Client-Version',
      'x-datadog-trace-id',
      'b3',
      'X-Requested-With',
    ]);
    expect(read({}).corsHeaders).toEqual([]);
  });

  it.each([
    ['*', 'does not stand for Authorization'],
    ['X-Client-Version: 7', 'a header alone'],
    ['X Client', 'a header alone'],
    ['X-버전', 'a header alone'],
    ['"X-Client-Version"', 'quotation marks'],
    ['"X-Client-Version", b3', 'a header alone'],
    ['X-A;X-B', 'a header alone'],
    ['X-A\r\nX-B', 'a header alone'],
    ['Cookie', 'do not let pages set'],
    ['host', 'do not let pages set'],
    ['Sec-Fetch-Site', 'do not let pages set'],
    ['Proxy-Authorization', 'do not let pages set'],
    ['Access-Control-Request-Headers', 'do not let pages set'],
    ['User-Agent, Origin', 'do not let pages set'],
  ])('is refused as %j', (CORS_HEADERS, reason) => {
    expect(() => read({ CORS_HEADERS })).toThrow(
      expect.objectContaining({
        variables: ['CORS_HEADERS'],
        message: expect.stringContaining(reason),
      }),
    );
  });

  it('is refused without quoting the value', () => {
    expect(explainCorsHeader('X-Api-Key: canary')).not.toContain('canary');
  });
});
