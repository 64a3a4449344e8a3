import { EXIT } from '../command.ts';
import type { Note } from './note.ts';

/** Returns the exit code for the notes. */
export function exitCode(notes: readonly Note[]): number {
  if (notes.some(({ kind }) => kind === 'finding')) return EXIT.no;
  return notes.some(({ kind }) => kind === 'unable') ? EXIT.unable : EXIT.good;
}

/** Returns the notes as JSON for scripts. */
export function writeJsonReport(notes: readonly Note[]): string {
  const select = (wanted: Note['kind']) =>
    notes.filter(({ kind }) => kind === wanted).map(({ kind: _kind, ...rest }) => rest);
  const report = {
    ok: exitCode(notes) === EXIT.good,
    findings: select('finding'),
    warnings: select('warning'),
    unable: select('unable'),
    skipped: select('skipped'),
  };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

/** Returns the notes as text for people: one line where all is well. */
export function writeReport(notes: readonly Note[], colours: boolean): string {
  const paint = (code: number, text: string) =>
    colours ? `\u001b[${code}m${text}\u001b[0m` : text;
  const lines = notes.map((note) => {
    if (note.kind === 'finding' || note.kind === 'warning') {
      const word = note.kind === 'finding' ? paint(RED, 'wrong') : paint(YELLOW, 'risky');
      return `${word}    ${note.check}: ${note.text}\n         ${note.remedy}\n`;
    }
    const word = note.kind === 'unable' ? paint(YELLOW, 'unclear') : 'skipped';
    return `${word}  ${note.check}: ${note.text}\n`;
  });
  return `${lines.join('')}${summarise(notes)}\n`;
}

const RED = 31;
const YELLOW = 33;

function summarise(notes: readonly Note[]): string {
  const count = notes.filter(({ kind }) => kind === 'finding').length;
  if (count > 0) return `${count === 1 ? 'One thing is' : `${count} things are`} wrong.`;
  if (exitCode(notes) === EXIT.unable)
    return 'Nothing wrong was found, but something could not be checked.';
  return notes.length > 0 ? 'All is well in what was checked.' : 'All is well.';
}
