import { describe, expect, it } from 'vitest';
import { sectionOf } from '../documents/documents.ts';
import { CONTROL_PROOFS, LIMIT_PROOFS, STRICT_PROOFS } from './control-proofs.ts';
import { MEDIA_PROOFS, PLACE_PROOFS } from './media-proofs.ts';
import { PROCESSING_PROOFS } from './processing-proofs.ts';
import type { Proof, Proofs } from './proofs.ts';
import { useScene } from './scene.ts';
import { type Claim, listClaims, WAYS } from './ways.ts';

const CLAIMS = listClaims();

const PROOFS = new Map<string, Proof>(
  [
    ...[PLACE_PROOFS, LIMIT_PROOFS, MEDIA_PROOFS, PROCESSING_PROOFS, CONTROL_PROOFS],
    STRICT_PROOFS,
  ].flatMap(listProofs),
);

function listProofs(proofs: Proofs): readonly (readonly [string, Proof])[] {
  return Object.entries(proofs).flatMap(([row, claims]) =>
    Object.entries(claims).map(([claim, proof]) => [nameProof({ row, claim }), proof] as const),
  );
}

function nameProof({ row, claim }: Pick<Claim, 'row' | 'claim'>): string {
  return `${row}: ${claim}`;
}

const isStrict = ({ row }: Claim) => Object.hasOwn(STRICT_PROOFS, row);

const cases = (claims: readonly Claim[]) =>
  claims.map((claim) => [`${claim.way}, ${nameProof(claim)}`, claim] as const);

describe('the tables of docs/ways-of-uploading.md', () => {
  it('have a cell for each way in every row, and each claim has a proof here', () => {
    const rows = new Set(CLAIMS.map(({ row }) => row));

    expect(rows.size).toBe(22);
    for (const row of rows) {
      const ways = CLAIMS.filter((claim) => claim.row === row).map(({ way }) => way);
      expect([row, new Set(ways)]).toEqual([row, new Set(WAYS)]);
    }
    expect(CLAIMS.filter(({ claim }) => claim === '')).toEqual([]);
    expect(new Set(CLAIMS.map(nameProof))).toEqual(new Set(PROOFS.keys()));
  });

  it('have controls that stand in for the ways that no program can take', () => {
    const section = sectionOf('docs/local-stack.md', 'Media that no program uploads');
    const named = [...section.matchAll(/^\| `POST \/__local\/([a-z-]+)` \|/gm)];

    expect(named.map(([, name]) => name)).toEqual([
      ...['console-upload', 'console-pull'],
      ...['live-recording', 'trtc-recording', 'web-page-recording'],
    ]);
  });
});

function prove(claim: Claim, scene: Parameters<Proof>[0]): unknown {
  const proof = PROOFS.get(nameProof(claim));
  if (proof === undefined) throw new Error('Nothing proves this claim');
  return proof(scene, claim.way);
}

describe('with the rules of the documents', () => {
  const scene = useScene();

  it.each(cases(CLAIMS.filter((claim) => !isStrict(claim))))('%s', async (_name, claim) => {
    await prove(claim, scene());
  });
});

describe('with limits that no file meets', () => {
  const scene = useScene((upload) => ({
    ...upload,
    policy: { console: { maxSeconds: 1 }, live: { maxSeconds: 1 } },
  }));

  it.each(cases(CLAIMS.filter(isStrict)))('%s', async (_name, claim) => {
    await prove(claim, scene());
  });
});
