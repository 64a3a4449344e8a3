import { expect, it } from 'vitest';
import { countLines, readChangedLines, sampleLines } from './changed-lines.ts';

it('reads what is new or changed, and nothing of what is gone', () => {
  const diff = `diff --git lib/model/old.ts lib/model/new.ts
similarity index 90%
rename from lib/model/old.ts
rename to lib/model/new.ts
--- lib/model/old.ts
+++ lib/model/new.ts
@@ -3 +3,2 @@ export function one() {
-a
+b
+c
@@ -9,2 +10,0 @@
-d
-e
@@ -20,0 +19 @@
+f
diff --git lib/model/gone.ts lib/model/gone.ts
deleted file mode 100644
--- lib/model/gone.ts
+++ /dev/null
@@ -1,2 +0,0 @@
-g
-h
`;

  expect(readChangedLines(diff)).toEqual([
    { file: 'lib/model/new.ts', from: 3, to: 4 },
    { file: 'lib/model/new.ts', from: 19, to: 19 },
  ]);
});

it('takes all lines of a small change, and the same pieces of a large one each time', () => {
  const ranges = [
    { file: 'lib/model/a.ts', from: 1, to: 95 },
    { file: 'lib/model/b.ts', from: 7, to: 9 },
  ];

  expect(sampleLines(ranges, 98)).toEqual(ranges);
  const sample = sampleLines(ranges, 40);
  expect(sampleLines(ranges.toReversed(), 40)).toEqual(sample);
  expect(countLines(sample)).toBeGreaterThan(30);
  expect(countLines(sample)).toBeLessThanOrEqual(40);
});
