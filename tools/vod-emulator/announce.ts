import { resolve } from 'node:path';
import { bucketOf } from '../local/emulator/ugc/dependencies.ts';
import type { EmulatorSettings } from './read-settings.ts';
import type { RunningEmulator } from './run.ts';

/** Returns what users need to know about an emulator that has started. */
export function announce(settings: EmulatorSettings, running: RunningEmulator): string {
  const { origin, account, authorityFile, aheadSeconds, notice } = running;
  const { callbackUrl, eventMode, state } = settings;
  const push = callbackUrl === '' ? 'none; set one with --callback-url' : callbackUrl;
  const rows = [
    [
      'Endpoint',
      `${new URL(origin).host}, with http${authorityFile === undefined ? '' : ' or https'}`,
    ],
    ['SecretId', account.secretId],
    ['SecretKey', account.secretKey],
    ['SubAppId', [account.subAppId, ...account.otherSubAppIds].join(', ')],
    ['Notifications', eventMode === 'PULL' ? 'wait for PullEvents' : push],
    ['SignKey', account.signKey],
    ['State', resolve(state)],
    ...(aheadSeconds === 0 ? [] : [['Clock', `${aheadSeconds} seconds ahead, as it was moved`]]),
    ...(notice === undefined ? [] : [['Notice', notice]]),
    ...(authorityFile === undefined ? [] : listTls(running, authorityFile)),
  ];
  return `
  VOD is emulated at ${origin}

${rows.map(([name = '', text]) => `  ${name.padEnd(15)}${text}`).join('\n')}

  Try it:
    curl -X POST ${origin}/__local/console-upload -d '{"name":"first.mp4"}'

  docs/emulator.md has a recipe for each SDK. Ctrl+C stops.
`;
}

/** Returns the rows about TLS: what clients have to trust, and how they get here without another endpoint. */
function listTls({ origin, account }: RunningEmulator, file: string): string[][] {
  const storage = account.regions.map(
    (region) => `${bucketOf(account)}.cos.${region}.myqcloud.com`,
  );
  return [
    ['CA', file],
    ['', `NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, REQUESTS_CA_BUNDLE or php's openssl.cafile`],
    ['Proxy', `HTTPS_PROXY=${origin}`],
    ['Hosts file', '(with --port 443)'],
    ['', `127.0.0.1 vod.tencentcloudapi.com vod2.qcloud.com ${storage.join(' ')}`],
  ];
}
