import { readdirSync } from 'node:fs';
import path from 'node:path';
import { inject } from 'vitest';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Stryker's: whether it looks which test reaches what, or a fault is planted. */
    readonly mode: 'dry-run' | 'mutant';
  }
}

// Before any test: of what a test would load itself, with `import()`, Stryker would take that test alone to have reached it.
if (inject('mode') === 'dry-run') {
  const folder = path.resolve(process.env['MUTATION_FOLDER'] ?? '');
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.ts')) await import(path.join(folder, name));
  }
}
