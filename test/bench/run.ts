import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { COMMANDS } from './commands.ts';
import { type Figure, judge } from './line.ts';
import { withStage } from './stage.ts';
import { type Figures, print, writeHead, writeRow } from './table.ts';

const FIGURES = fileURLToPath(new URL('./figures.json', import.meta.url));

const SAVE = '--save';

/** Measures the lines of a command, prints them beside their targets and last figures, and returns whether all hold. */
async function run(words: readonly string[]): Promise<boolean> {
  const name = words.find((word) => Object.hasOwn(COMMANDS, word)) ?? 'short';
  const numbers = words.map(Number).filter((number) => number > 0);
  const command = COMMANDS[name as keyof typeof COMMANDS];
  const last: Figures = JSON.parse(await readFile(FIGURES, 'utf8'));
  const measured: Record<string, Figure> = {};
  let holds = true;
  await withStage(async (stage) => {
    const lines = await command.list(numbers);
    print(writeHead());
    for (const line of lines) {
      const figure = await line.measure(stage);
      measured[line.name] = figure;
      print(writeRow({ ...line, command: command.words }, figure, last[line.name]));
      holds &&= judge(figure, line.target) !== 'missed';
    }
  });
  if (name === 'short') {
    for (const other of Object.values(COMMANDS).filter((each) => each !== command)) {
      for (const line of await other.list([])) {
        print(writeRow({ ...line, command: other.words }, undefined, last[line.name]));
      }
    }
  }
  if (words.includes(SAVE)) {
    await writeFile(FIGURES, `${JSON.stringify({ ...last, ...measured }, null, 2)}\n`);
  }
  return holds;
}

const holds = await run(process.argv.slice(2));
process.exit(holds ? 0 : 1);
