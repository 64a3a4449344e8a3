import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The files of a TLS server that stands in for the cloud's hosts. */
export interface Certificates {
  /** Path of the certificate of the authority, for `NODE_EXTRA_CA_CERTS`. */
  readonly authorityFile: string;
  readonly authority: string;
  readonly key: string;
  readonly certificate: string;
}

/** Makes an authority that is valid for a day, and its certificate for `hosts`, in `folder`. */
export async function makeCertificates(
  folder: string,
  hosts: readonly string[],
): Promise<Certificates> {
  const path = (name: string) => join(folder, name);
  await openssl([
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-days', '1', '-subj', '/CN=Cloud of the tests'],
    ...['-keyout', path('authority.key'), '-out', path('authority.pem')],
  ]);
  await openssl([
    ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-subj', '/CN=cloud', '-keyout', path('cloud.key'), '-out', path('cloud.csr')],
  ]);
  const names = hosts.map((host) => `DNS:${host}`).join(',');
  await writeFile(path('cloud.ext'), `subjectAltName=${names}\n`);
  await openssl([
    ...['x509', '-req', '-days', '1', '-CAcreateserial', '-in', path('cloud.csr')],
    ...['-CA', path('authority.pem'), '-CAkey', path('authority.key')],
    ...['-extfile', path('cloud.ext'), '-out', path('cloud.pem')],
  ]);
  return {
    authorityFile: path('authority.pem'),
    authority: await readFile(path('authority.pem'), 'utf8'),
    key: await readFile(path('cloud.key'), 'utf8'),
    certificate: await readFile(path('cloud.pem'), 'utf8'),
  };
}

async function openssl(args: readonly string[]): Promise<void> {
  await run('openssl', args);
}
