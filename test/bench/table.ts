import type { Load } from './load.ts';
import type { Ratio } from './measure.ts';

/** Writes one line of the report. */
function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Writes ratios as rows of a table whose title names the reference. */
export function printRatios(title: string, ratios: readonly Ratio[]): void {
  print(`\n| ${title.padEnd(36)} | times the first | spread |\n| --- | --- | --- |`);
  for (const { name, median, lowest, highest } of ratios) {
    const spread = `[${lowest.toFixed(2)}..${highest.toFixed(2)}]`;
    print(`| ${name.padEnd(36)} | ${median.toFixed(2).padStart(6)} | ${spread.padStart(16)} |`);
  }
}

/** Writes numbers as rows of a table. */
export function printCounts(title: string, counts: readonly (readonly [string, number])[]): void {
  print(`\n| ${title.padEnd(36)} | number |\n| --- | --- |`);
  for (const [name, count] of counts) print(`| ${name.padEnd(36)} | ${count} |`);
}

/** Writes the results of functions under load as rows of a table. */
export function printLoads(title: string, loads: readonly Load[]): void {
  print(
    `\n| ${title.padEnd(36)} | requests/s | held | p50 ms | p99 ms | RSS MB | at the end | bytes kept | failed |`,
  );
  print('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const load of loads) {
    const cells = [
      load.name.padEnd(36),
      String(load.requestsPerSecond),
      `${load.heldPercent} %`,
      load.p50.toFixed(1),
      load.p99.toFixed(1),
      String(load.startMegabytes),
      String(load.endMegabytes),
      String(load.retainedBytes),
      String(load.failures),
    ];
    print(`| ${cells.join(' | ')} |`);
  }
}
