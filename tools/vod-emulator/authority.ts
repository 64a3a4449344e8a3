// Before the package that needs it.
import 'reflect-metadata';
import { randomBytes, webcrypto } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { AsnConvert } from '@peculiar/asn1-schema';
import { GeneralName, GeneralSubtree, GeneralSubtrees, NameConstraints } from '@peculiar/asn1-x509';
import * as x509 from '@peculiar/x509';
import { absent } from '../local/absent.ts';
import { LocalError } from '../local/local-error.ts';

/** A key and its certificate, both as PEM. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** A certificate authority that only this machine's programs trust, if they are told to. */
export interface Authority {
  /** Absolute path of its certificate, as PEM. */
  readonly file: string;
  /** Creates a certificate for host names and IP addresses. */
  issue(names: readonly string[]): Promise<KeyPair>;
}

const KEYS = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const NAME_CONSTRAINTS = '2.5.29.30';
/** https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.12 */
const SERVER = '1.3.6.1.5.5.7.3.1';
const DAY = 86_400_000;
const AUTHORITY_DAYS = 3_650;
/** Apple's systems refuse more than 825 days: https://support.apple.com/en-us/103769. */
const LEAF_DAYS = 397;

/**
 * Returns the authority whose files are in `dir`. It can only vouch for `domains`, so that its key is of no use against
 * other sites. It is created once, and again if the domains are others or it ends soon.
 *
 * @param domains with all names below them, IP addresses, and networks such as `127.0.0.0/8`.
 * @throws {LocalError} if its files are damaged.
 */
export async function openAuthority(dir: string, domains: readonly string[]): Promise<Authority> {
  const [file, keyFile] = [resolve(dir, 'ca.pem'), join(dir, 'ca-key.pem')];
  const limits = AsnConvert.serialize(limitTo(domains));
  const stored = (await findAuthority(file, keyFile, limits)) ?? (await createAuthority(limits));
  if (stored.isNew) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(keyFile, stored.keyPem, { mode: 0o600 });
    await writeFile(file, stored.certificate.toString('pem'));
  }
  return { file, issue: (names) => issueLeaf(stored, names) };
}

interface OpenAuthority {
  readonly certificate: x509.X509Certificate;
  readonly key: webcrypto.CryptoKey;
  readonly keyPem: string;
  readonly isNew: boolean;
}

async function findAuthority(
  file: string,
  keyFile: string,
  limits: ArrayBuffer,
): Promise<OpenAuthority | undefined> {
  const [certificatePem, keyPem] = await Promise.all(
    [file, keyFile].map((each) => readFile(each, 'utf8').catch(absent)),
  );
  if (certificatePem === undefined || keyPem === undefined) return undefined;
  try {
    const certificate = new x509.X509Certificate(certificatePem);
    const present = certificate.getExtension(NAME_CONSTRAINTS)?.value ?? new ArrayBuffer(0);
    if (!Buffer.from(present).equals(Buffer.from(limits))) return undefined;
    if (certificate.notAfter.getTime() < Date.now() + LEAF_DAYS * DAY) return undefined;
    const [der = new ArrayBuffer(0)] = x509.PemConverter.decode(keyPem);
    const key = await webcrypto.subtle.importKey('pkcs8', der, KEYS, false, ['sign']);
    return { certificate, key, keyPem, isNew: false };
  } catch (cause) {
    throw new LocalError(
      `The certificate authority in ${dirname(file)} is damaged: delete this folder, and start again.`,
      { cause },
    );
  }
}

async function createAuthority(limits: ArrayBuffer): Promise<OpenAuthority> {
  const keys = await webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: newSerial(),
      // Trust stores find an authority by its name, so each one has another.
      name: `CN=VOD emulator ${randomBytes(4).toString('hex')}`,
      ...validFor(AUTHORITY_DAYS),
      signingAlgorithm: KEYS,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        new x509.Extension(NAME_CONSTRAINTS, true, limits),
      ],
    },
    webcrypto,
  );
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  const keyPem = x509.PemConverter.encode(der, 'PRIVATE KEY');
  return { certificate, key: keys.privateKey, keyPem, isNew: true };
}

function limitTo(domains: readonly string[]): NameConstraints {
  const permitted = domains.map((domain) => new GeneralSubtree({ base: nameOf(domain) }));
  return new NameConstraints({ permittedSubtrees: new GeneralSubtrees(permitted) });
}

function nameOf(domain: string): GeneralName {
  const version = isIP(domain);
  if (version !== 0) return nameOf(`${domain}/${version === 4 ? 32 : 128}`);
  return new GeneralName(domain.includes('/') ? { iPAddress: domain } : { dNSName: domain });
}

async function issueLeaf(
  { certificate, key }: OpenAuthority,
  names: readonly string[],
): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(KEYS, true, ['sign', 'verify']);
  const alternatives = names.map((value) => {
    const type = isIP(value) === 0 ? ('dns' as const) : ('ip' as const);
    return { type, value };
  });
  const leaf = await x509.X509CertificateGenerator.create(
    {
      serialNumber: newSerial(),
      subject: 'CN=VOD emulator',
      issuer: certificate.subject,
      ...validFor(LEAF_DAYS),
      signingAlgorithm: KEYS,
      publicKey: keys.publicKey,
      signingKey: key,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([SERVER]),
        new x509.SubjectAlternativeNameExtension(alternatives),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(certificate),
      ],
    },
    webcrypto,
  );
  const der = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    key: x509.PemConverter.encode(der, 'PRIVATE KEY'),
    cert: leaf.toString('pem'),
  };
}

/** A positive number: https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.2. */
function newSerial(): string {
  return `01${randomBytes(15).toString('hex')}`;
}

/** Clocks of other machines may be late by a day. */
function validFor(days: number) {
  const now = Date.now();
  return { notBefore: new Date(now - DAY), notAfter: new Date(now + days * DAY) };
}
