import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { connect as connectTcp, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { openAuthority } from '../../../tools/vod-emulator/authority.ts';
import { makeFolder } from '../../support/make-folder.ts';
import { KEYS, WITH_KEYS } from './emulator-calls.ts';
import { type EmulatorProcess, useEmulatorProcess } from './emulator-process.ts';

const stage = useEmulatorProcess();
const run = promisify(execFile);
const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const authorityFile = () => join(stage.state, 'tls/ca.pem');
const portOf = ({ origin }: EmulatorProcess) => Number(new URL(origin).port);

/** Opens a TLS connection to `host`, wherever its name leads; rejects if its certificate is not trusted. */
async function handshake(socket: Socket, host: string, ca: Buffer): Promise<TLSSocket> {
  return new Promise((trusted, failed) => {
    const tls = connectTls({ socket, servername: host, ca }, () => trusted(tls));
    tls.once('error', failed);
  });
}

/** Returns the host names of the certificate that a client gets, and closes the connection. */
async function namesFor(emulator: EmulatorProcess, host: string): Promise<string | undefined> {
  const socket = connectTcp(portOf(emulator), '127.0.0.1');
  const tls = await handshake(socket, host, await readFile(authorityFile()));
  const { subjectAltName } = new X509Certificate(tls.getPeerCertificate().raw);
  tls.destroy();
  return subjectAltName;
}

/** Asks a proxy for a tunnel; returns its socket, and the first line of the answer. */
async function tunnel(emulator: EmulatorProcess, target: string) {
  const socket = connectTcp(portOf(emulator), '127.0.0.1');
  socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
  const [answer] = await new Promise<[Buffer]>((got) => socket.once('data', (data) => got([data])));
  return { socket, status: String(answer).split('\r\n')[0] };
}

describe('vod-emulator --tls', () => {
  it('serves the vendor’s unmodified SDKs under the fixed names, as a hosts file leads them', async () => {
    const emulator = await stage.start([...WITH_KEYS, '--tls']);
    const file = join(stage.dir, 'film.mp4');
    await writeFile(file, 'a film');
    const port = String(portOf(emulator));
    const env = {
      PATH: process.env['PATH'] ?? '',
      XDG_CONFIG_HOME: stage.dir,
      NODE_EXTRA_CA_CERTS: authorityFile(),
      TEST_CLOUD_TLS_PORT: port,
      TEST_CLOUD_PLAIN_PORT: port,
    };

    const { stdout } = await run(
      process.execPath,
      [
        ...['--require', path('../../support/cloud/redirect.cjs'), path('vendor-sdks.cjs')],
        JSON.stringify({ ...KEYS, file }),
      ],
      { env },
    );

    const { uploaded, described } = JSON.parse(stdout);
    expect(described).toMatchObject([{ FileId: uploaded.FileId, BasicInfo: { Name: 'film' } }]);
    expect(await (await fetch(uploaded.MediaUrl)).text()).toBe('a film');
  });

  it('serves them as a proxy, too', async () => {
    const emulator = await stage.start([...WITH_KEYS, '--tls']);
    const file = join(stage.dir, 'film.mp4');
    await writeFile(file, 'a film');
    const env = {
      PATH: process.env['PATH'] ?? '',
      XDG_CONFIG_HOME: stage.dir,
      NODE_EXTRA_CA_CERTS: authorityFile(),
      ...{ http_proxy: emulator.origin, HTTPS_PROXY: emulator.origin },
    };

    const { stdout } = await run(
      process.execPath,
      [path('vendor-sdks.cjs'), JSON.stringify({ ...KEYS, file })],
      { env },
    );

    const { uploaded, described } = JSON.parse(stdout);
    expect(described).toMatchObject([{ FileId: uploaded.FileId }]);
  });

  it('has a certificate for each of the cloud’s hosts, and one for this machine', async () => {
    const emulator = await stage.start(['--tls']);

    for (const host of [
      ...['vod.tencentcloudapi.com', 'vod.ap-seoul.tencentcloudapi.com', 'vod2.qcloud.com'],
      ...['vodlocal01-1250000001.cos.ap-tokyo.myqcloud.com', 'b-1.cos.eu.tencentcos.cn'],
    ]) {
      expect(await namesFor(emulator, host)).toBe(`DNS:${host}`);
    }
    expect(await namesFor(emulator, 'localhost')).toBe(
      'DNS:localhost, DNS:*.localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    await expect(namesFor(emulator, 'other.example.com')).rejects.toThrow(/not match|altnames/);
    await emulator.stop();
    const again = await stage.start(['--tls']);
    expect(await namesFor(again, 'vod2.qcloud.com')).toBe('DNS:vod2.qcloud.com');
    expect(again.out()).toContain(authorityFile());
    expect((await stat(join(stage.state, 'tls/ca-key.pem'))).mode & 0o777).toBe(0o600);
  });

  it('serves http on the same port', async () => {
    const emulator = await stage.start(['--tls']);
    const ca = await readFile(authorityFile());
    const status = new Promise((got, failed) => {
      request(
        {
          host: '127.0.0.1',
          port: portOf(emulator),
          path: '/__local/health',
          agent: new Agent({ ca }),
        },
        (response) => got(response.statusCode),
      )
        .once('error', failed)
        .end();
    });

    expect(await status).toBe(200);
    expect(await emulator.control('GET', 'health')).toMatchObject({ status: 'ok' });
    expect(await emulator.stop()).toBe(0);
  });

  it('is a proxy for the cloud’s hosts, and for no others', async () => {
    const emulator = await stage.start(['--tls']);
    const ca = await readFile(authorityFile());

    const { socket, status } = await tunnel(emulator, 'vod.tencentcloudapi.com:443');
    const tls = await handshake(socket, 'vod.tencentcloudapi.com', ca);
    tls.write('GET / HTTP/1.1\r\nHost: vod.tencentcloudapi.com\r\nConnection: close\r\n\r\n');
    const chunks = await tls.toArray();

    expect(status).toBe('HTTP/1.1 200 Connection Established');
    expect(String(Buffer.concat(chunks))).toContain('"Code":"MissingParameter"');
    const other = await tunnel(emulator, 'registry.example.com:443');
    expect(other.status).toBe('HTTP/1.1 403 Forbidden');
    other.socket.destroy();
  });
});

describe('openAuthority()', () => {
  it('cannot vouch for other domains', async () => {
    const dir = await makeFolder();
    const { file, issue } = await openAuthority(dir, ['qcloud.com', '127.0.0.0/8']);
    const leaf = join(dir, 'leaf.pem');
    const verify = async (name: string) => {
      await writeFile(leaf, (await issue([name])).cert);
      return run('openssl', ['verify', '-x509_strict', '-CAfile', file, leaf]).then(
        ({ stdout }) => stdout.trim(),
        ({ stderr }) => String(stderr).split('\n')[1],
      );
    };

    expect(await verify('vod2.qcloud.com')).toBe(`${leaf}: OK`);
    expect(await verify('127.0.0.1')).toBe(`${leaf}: OK`);
    expect(await verify('bank.example.com')).toMatch(/permitted subtree violation/);
    expect(await verify('10.0.0.1')).toMatch(/permitted subtree violation/);
  });

  it('is created once, and again for other domains', async () => {
    const dir = await makeFolder();
    const open = async (...domains: string[]) => {
      const { file } = await openAuthority(dir, domains);
      return readFile(file, 'utf8');
    };
    const first = await open('qcloud.com');

    expect(await open('qcloud.com')).toBe(first);
    expect(await open('qcloud.com', '10.0.0.2')).not.toBe(first);
    await writeFile(join(dir, 'ca.pem'), 'not PEM');
    await expect(open('qcloud.com')).rejects.toThrow(/is damaged: delete this folder/);
  });
});
