import type { Scene } from './scene.ts';
import type { Way } from './ways.ts';

/** Shows that a claim holds, or throws. */
export type Proof = (scene: Scene, way: Way) => unknown;

/**
 * Proofs of the claims of the tables, by row and claim; a claim with the same text has the same proof for every way.
 */
export type Proofs = Readonly<Record<string, Readonly<Record<string, Proof>>>>;
