import { spawnSync } from 'node:child_process';
import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildOriginal,
  computeMac,
  encodeSignature,
  signUpload,
  type UploadSignatureParameters,
} from '../../../lib/signing/upload-signature.ts';
import vectors from '../../fixtures/upload-signature.json' with { type: 'json' };
import { requirePresent } from '../../support/requirement.ts';

const MAC_BYTES = 20;

function keyOf(secret: string) {
  return createSecretKey(Buffer.from(secret));
}

function decode(signature: string): URLSearchParams {
  return new URLSearchParams(Buffer.from(signature, 'base64').subarray(MAC_BYTES).toString());
}

const anyText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 });
const anyParameters: fc.Arbitrary<UploadSignatureParameters> = fc.record(
  {
    secretId: fc.stringMatching(/^AKID[A-Za-z0-9]{8,28}$/),
    currentTimeStamp: fc.integer({ min: 1_500_000_000, max: 2_000_000_000 }),
    expireTime: fc.integer({ min: 1_500_000_000, max: 2_000_000_000 }),
    random: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    classId: fc.nat(),
    procedure: anyText,
    taskPriority: fc.integer({ min: -10, max: 10 }),
    taskNotifyMode: fc.constantFrom('Finish', 'Change', 'None'),
    sourceContext: anyText,
    oneTimeValid: fc.constant(1 as const),
    vodSubAppId: fc.nat(),
    sessionContext: anyText,
    storageRegion: fc.constantFrom('ap-singapore', 'eu-frankfurt'),
  },
  { requiredKeys: ['secretId', 'currentTimeStamp', 'expireTime', 'random'] },
);

describe('buildOriginal()', () => {
  it.each(vectors)('writes the query string of $name', ({ parameters, original }) => {
    const built = buildOriginal(parameters as UploadSignatureParameters);

    // The order of parameters is free; the third vector has another one.
    expect([...new URLSearchParams(built)].sort()).toEqual(
      [...new URLSearchParams(original)].sort(),
    );
    expect(built.length).toBe(original.length);
  });

  it('writes the second vector byte for byte', () => {
    const vector = vectors[1];

    expect(buildOriginal(vector?.parameters as UploadSignatureParameters)).toBe(vector?.original);
  });

  it('encodes each character of every text as a browser does', () => {
    const each = { currentTimeStamp: 1, expireTime: 2, random: 3 };
    for (let code = 0; code < 0x1_00; code += 1) {
      const text = `a${String.fromCharCode(code)}`;
      const encoded = encodeURIComponent(text);

      const original = buildOriginal({
        ...{ ...each, secretId: text, procedure: text, sourceContext: text },
        ...{ sessionContext: text, storageRegion: text },
      });

      expect(original).toBe(
        `secretId=${encoded}&currentTimeStamp=1&expireTime=2&random=3&procedure=${encoded}&sourceContext=${encoded}&sessionContext=${encoded}&storageRegion=${encoded}`,
      );
    }
  });

  it('leaves out absent parameters', () => {
    const built = buildOriginal({
      secretId: 'AKID',
      currentTimeStamp: 1,
      expireTime: 2,
      random: 3,
      classId: undefined,
      procedure: undefined,
    });

    expect(built).toBe('secretId=AKID&currentTimeStamp=1&expireTime=2&random=3');
  });
});

describe('computeMac()', () => {
  it.each(vectors.filter(({ macHex }) => macHex !== undefined))(
    'computes the known MAC of $name',
    (vector) => {
      const mac = computeMac(vector.original, keyOf(vector.secretKey));

      expect(Buffer.from(mac, 'latin1').toString('hex')).toBe(vector.macHex);
    },
  );
});

describe('encodeSignature()', () => {
  it.each(vectors)('returns the known signature of $name', ({ original, secretKey, signature }) => {
    expect(encodeSignature(computeMac(original, keyOf(secretKey)), original)).toBe(signature);
  });

  it('returns one line of standard Base64', () => {
    const original = 'a'.repeat(4_000);

    expect(encodeSignature('\xff'.repeat(MAC_BYTES), original)).toMatch(/^[A-Za-z0-9+/]+=*$/);
  });
});

describe('signUpload()', () => {
  it('preserves any text', () => {
    const texts = ['a+b c&d=e%f', '100%', '한글 영상', '🎬👩‍👩‍👧', "!'()*~", '\u2028\n\t"\\'];
    for (const text of texts) {
      const parameters = { secretId: 'AKID', currentTimeStamp: 1, expireTime: 2, random: 3 };
      const signature = signUpload(
        { ...parameters, procedure: text, sourceContext: text, sessionContext: text },
        keyOf('key'),
      );

      const decoded = decode(signature);
      expect(decoded.get('procedure')).toBe(text);
      expect(decoded.get('sourceContext')).toBe(text);
      expect(decoded.get('sessionContext')).toBe(text);
    }
  });

  it('writes every given parameter and no other', () => {
    fc.assert(
      fc.property(anyParameters, (parameters) => {
        const decoded = Object.fromEntries(decode(signUpload(parameters, keyOf('key'))));

        const given = Object.entries(parameters).map(([name, value]) => [name, String(value)]);
        expect(decoded).toEqual(Object.fromEntries(given));
      }),
    );
  });

  it('agrees with a Python implementation for 1,000 random inputs', (context) => {
    requirePresent(context, 'python3');
    const samples = fc.sample(fc.record({ parameters: anyParameters, key: anyText }), 1_000);
    const expected = signInPython(samples);

    const signed = samples.map(({ parameters, key }) => signUpload(parameters, keyOf(key)));

    expect(signed).toHaveLength(1_000);
    expect(signed).toEqual(expected);
  });
});

/**
 * Signs with the libraries of another language; the order of parameters is the one that the reader of the signature
 * sees.
 */
function signInPython(
  samples: readonly { parameters: UploadSignatureParameters; key: string }[],
): string[] {
  const program = `
import base64, hashlib, hmac, json, sys, urllib.parse
ORDER = ['secretId', 'currentTimeStamp', 'expireTime', 'random', 'classId', 'procedure', 'taskPriority',
         'taskNotifyMode', 'sourceContext', 'oneTimeValid', 'vodSubAppId', 'sessionContext', 'storageRegion']
def sign(sample):
    given = sample['parameters']
    pairs = [(name, given[name]) for name in ORDER if name in given]
    # Of the characters that may stand as they are, Python and JavaScript agree on all but these.
    query = urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote, safe="!'()*").encode()
    mac = hmac.new(sample['key'].encode(), query, hashlib.sha1).digest()
    return base64.b64encode(mac + query).decode()
print(json.dumps([sign(sample) for sample in json.load(sys.stdin)]))
`;
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program], {
    input: JSON.stringify(samples),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`python3 failed: ${stderr}`);
  return JSON.parse(stdout);
}
