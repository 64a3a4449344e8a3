import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeFunctions } from '../../tools/deploy/bundle.ts';
import { openDatabase } from './ledger.ts';
import type { Stage } from './line.ts';

/** Runs `work` with a stage, of which nothing is left afterwards. */
export async function withStage<Result>(work: (stage: Stage) => Promise<Result>): Promise<Result> {
  const closing: (() => Promise<unknown>)[] = [];
  const once = <Value>(make: () => Promise<Value>) => {
    let made: Promise<Value> | undefined;
    return () => {
      made ??= make();
      return made;
    };
  };
  const folder = once(async () => {
    const path = await mkdtemp(join(tmpdir(), 'vod-upload-bench-'));
    closing.push(() => rm(path, { recursive: true }));
    await writeFunctions(path);
    return path;
  });
  const database = once(async () => {
    const { url, close } = await openDatabase();
    closing.push(close);
    return url;
  });
  try {
    return await work({ folder, database });
  } finally {
    for (const close of closing.reverse()) await close();
  }
}
