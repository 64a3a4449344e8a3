import { createHash } from 'node:crypto';
import { bundleFunctions } from './bundle.ts';
import { SETTINGS_FILE } from './settings.ts';
import { LICENSES_FILE, writeLicenses } from './write-licenses.ts';
import { writeZip, type ZipEntry } from './zip.ts';

/** What is deployed: one archive for all functions. */
export interface Code {
  readonly zip: Buffer;
  /** SHA-256 of the archive, in hexadecimal digits. */
  readonly digest: string;
  readonly files: readonly ZipEntry[];
}

/**
 * Returns the code of all functions: the bundles, settings.json and the licences of the packages in the bundles, all at
 * the root of the archive, since the platform finds an entry only there
 * (https://cloud.tencent.com/document/product/583/67790).
 *
 * @param settings content of settings.json.
 * @throws {DeployError} where the licence of a package is not known.
 */
export async function buildCode(settings: string): Promise<Code> {
  const bundles = await bundleFunctions();
  const licenses = await writeLicenses(bundles.flatMap(({ packages }) => packages));
  const files = [
    ...bundles.map(({ name, code }) => ({ name: `${name}.js`, content: code })),
    { name: SETTINGS_FILE, content: Buffer.from(settings) },
    { name: LICENSES_FILE, content: Buffer.from(licenses) },
  ];
  const zip = writeZip(files);
  return { zip, digest: digestOf(zip), files };
}

/** Returns the SHA-256 of an archive, in hexadecimal digits: the digest that identifies it. */
export function digestOf(zip: Uint8Array): string {
  return createHash('sha256').update(zip).digest('hex');
}

const DIGEST = '[0-9a-f]{64}';

/** Returns the key of an archive in the bucket. */
export function nameCode(service: ServiceName, digest: string): string {
  return `${prefixOf(service)}${digest}.zip`;
}

/** Returns the digest of the archive with this key, unless it is another service's or stage's. */
export function readCodeName(service: ServiceName, key: string): string | undefined {
  const prefix = prefixOf(service);
  if (!key.startsWith(prefix)) return undefined;
  return new RegExp(`^(${DIGEST})\\.zip$`).exec(key.slice(prefix.length))?.[1];
}

/** Returns the prefix of the keys of a service's archives; other services' keys may begin with it, too. */
export function prefixOf({ name, stage }: ServiceName): string {
  return `${name}-${stage}-`;
}

interface ServiceName {
  readonly name: string;
  readonly stage: string;
}

/**
 * Returns a function's description in the cloud. It ends in the digest of the function's code, so that the next
 * deployment knows it; the cloud records it nowhere else.
 *
 * A description has letters, digits, spaces, commas and full stops:
 * https://cloud.tencent.com/document/product/583/18586.
 */
export function describeWithDigest(description: string, digest: string): string {
  return `${description} Code ${digest}.`.trimStart();
}

/** Returns the digest of a function's code, unless its description was written by another tool. */
export function readDigest(description: string | null | undefined): string | undefined {
  return new RegExp(`\\bCode (${DIGEST})\\.$`).exec(description ?? '')?.[1];
}
