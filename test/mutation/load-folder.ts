import { readdirSync } from 'node:fs';
import path from 'node:path';

// Before any test: of what a test would load itself, with `import()`, Stryker would take that test alone to have reached it.
const folder = path.resolve(process.env['MUTATION_FOLDER'] ?? '');
for (const name of readdirSync(folder)) {
  if (name.endsWith('.ts')) await import(path.join(folder, name));
}
