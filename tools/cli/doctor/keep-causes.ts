import { joinNames } from '../join-names.ts';
import { finding, findingAmong, type Note } from './note.ts';

/**
 * Returns the notes with one finding for each cause, however many things suffer from it: findings that say the same of
 * several things are put together, and what follows from another finding is left out.
 */
export function keepCauses(notes: readonly Note[]): readonly Note[] {
  const causes = notes.filter((note) => !isConsequence(note, notes)).map(nameFunction);
  const keys = new Set(causes.map(keyOf));
  return [...keys].flatMap((key) => unite(causes.filter((note) => keyOf(note) === key)));
}

/** Returns what notes have in common that say the same, each of another thing. */
function keyOf(note: Note): unknown {
  if (note.kind !== 'finding' || note.among === undefined) return note;
  return [note.check, note.remedy, note.among.describe(['…'])].join('\n');
}

function unite(alike: readonly Note[]): readonly Note[] {
  const [first] = alike;
  if (first?.kind !== 'finding' || first.among === undefined) return alike;
  const items = new Set(alike.flatMap(({ among }) => among?.item ?? []));
  return [finding(first.check, first.among.describe([...items]), first.remedy)];
}

/** What is said of a function of the deployment begins with its name. */
function nameFunction(note: Note): Note {
  const [, name, said] = /^(\S+-\S+) (.+)$/s.exec(note.text) ?? [];
  if (note.kind !== 'finding' || note.check !== 'deployment') return note;
  if (name === undefined || said === undefined) return note;
  const describe = (names: readonly string[]) =>
    names.length === 1 ? `${names[0]} ${said}` : `Each of ${joinNames(names)} ${said}`;
  return findingAmong(note.check, name, describe, note.remedy);
}

/** A sweep that cannot run, or has no such application to look through, gets nowhere. */
function isConsequence({ kind, check, text }: Note, notes: readonly Note[]): boolean {
  if (kind !== 'finding' || check !== 'sweep') return false;
  const [application = 'VOD_SUB_APP_ID'] = /application \d+/.exec(text) ?? [];
  return notes.some(
    (other) =>
      (other.check === 'deployment' && other.kind === 'finding' && /-sweep\b/.test(other.text)) ||
      (other.check === 'application' &&
        `${other.text} ${'remedy' in other && other.remedy}`.includes(application)),
  );
}
