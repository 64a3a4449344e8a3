import { joinNames } from '../join-names.ts';
import { finding, findingAmong, type Note } from './note.ts';

/**
 * Returns the notes with one finding for each cause: findings that say the same about several things are united, and
 * consequences of other findings are left out.
 */
export function keepCauses(notes: readonly Note[]): readonly Note[] {
  const causes = notes.filter((note) => !isConsequence(note, notes)).map(nameFunction);
  const keys = new Set(causes.map(keyOf));
  return [...keys].flatMap((key) => unite(causes.filter((note) => keyOf(note) === key)));
}

/** Returns a key that is equal for notes that say the same about different things. */
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

/**
 * Turns a note about one deployed function, whose text begins with its name, into one that can be united with others.
 */
function nameFunction(note: Note): Note {
  const [, name, said] = /^(\S+-\S+) (.+)$/s.exec(note.text) ?? [];
  if (note.kind !== 'finding' || note.check !== 'deployment') return note;
  if (name === undefined || said === undefined) return note;
  const describe = (names: readonly string[]) =>
    names.length === 1 ? `${names[0]} ${said}` : `Each of ${joinNames(names)} ${said}`;
  return findingAmong(note.check, name, describe, note.remedy);
}

/** Without a sweep that can run, or without the application, the finding about sweep is a consequence. */
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
