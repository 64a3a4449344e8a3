import type { Scene } from './scene.ts';
import type { Way } from './ways.ts';

/** Shows that a claim holds, or throws. */
export type Proof = (scene: Scene, way: Way) => unknown;

/** What proves the claims of the tables, by row and claim; the same words are the same for every way. */
export type Proofs = Readonly<Record<string, Readonly<Record<string, Proof>>>>;
