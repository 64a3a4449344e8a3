import { readdirSync } from 'node:fs';
import path from 'node:path';
import { inject } from 'vitest';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Stryker's phase: it finds out which test reaches which code, or it has planted a fault. */
    readonly mode: 'dry-run' | 'mutant';
  }
}

// Loads the folder before any test. Stryker would otherwise assume that only the test which first loads a file with
// `import()` reaches its code.
if (inject('mode') === 'dry-run') {
  const folder = path.resolve(process.env['MUTATION_FOLDER'] ?? '');
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.ts')) await import(path.join(folder, name));
  }
}
