#!/usr/bin/env node
import { buildProgram } from '../cli/program.mjs';

const program = await buildProgram('vod-emulator');
if (program === undefined) {
  // Slower, with the same result.
  const { register } = await import('tsx/esm/api');
  register();
}
await import(program ?? './main.ts');
