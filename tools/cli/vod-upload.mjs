#!/usr/bin/env node
import { buildProgram } from './program.mjs';

const program = await buildProgram('vod-upload');
if (program === undefined) {
  // Slower, with the same result.
  const { register } = await import('tsx/esm/api');
  register();
}
await import(program ?? './main.ts');
