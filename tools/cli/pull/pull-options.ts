import { basename, resolve } from 'node:path';
import { LIST_FIELDS } from '../../pull/list-columns.ts';
import { LIST_FORMATS, type ListOptions } from '../../pull/read-list.ts';
import { checkPlace } from '../../pull/row-file.ts';
import { CommandError } from '../command.ts';
import { readArguments, readChoice } from '../read-options.ts';
import { showText } from '../show-text.ts';
import { suggest } from '../suggest.ts';
import { PRESIGN_HELP, PRESIGN_OPTIONS } from './open-presign.ts';
import { SERVICE_HELP, SERVICE_OPTIONS, SERVICE_VARIABLES } from './open-service.ts';

/** What `vod-upload pull --help` prints. */
export const PULL_HELP = `vod-upload pull has VOD fetch the files of a list, each once.

It looks at every source first, says what would be pulled and what would not, and asks. The run is kept by the service:
the same list again, half of it, or a longer one continues it, from any machine.

Usage: vod-upload pull --from <list> [options]

Options of the list:
  --from <list>          CSV, TSV or NDJSON with a header, the file of the vendor's own batch puller, or - for standard
                         input
  --format <format>      csv, tsv or ndjson, where it cannot be seen
  --map <field>=<column>
                         the column of a field that has another name, or in a list without a header its number; may be
                         repeated
  --ignore <column>      a column that is of no interest; may be repeated
${PRESIGN_HELP}

Options of the run:
  --run <name>           its name; by default that of the list's file without its extension
  --retry                attempts again what failed before
  --no-look              does not look at the sources
  --prices <file>        JSON with your prices: currency, perGigabyte, perGigabyteMonth, perFile
  --dry-run              says what would be done, and does nothing
  --yes                  does not ask
  --no-wait              ends when all is queued; "vod-upload runs show <name>" shows what becomes of it
  --every <seconds>      between two looks at the run; 3 by default
  --mapping <file>       what became of each source, as CSV or .ndjson; <name>.mapping.csv by default
  --failures <file>      what failed, as a list for another run; <name>.failures.csv by default
${SERVICE_HELP}

Fields of a list:
${listInLines(LIST_FIELDS)}

Variables:
${SERVICE_VARIABLES}

Exit codes: 0 all files are there, 1 some are not, 2 it could not be done.

Examples:
  vod-upload pull --from library.csv --dry-run
  vod-upload pull --from export.csv --map id=video_id --map mediaUrl=download_url --ignore views
  vod-upload pull --from keys.csv --presign './sign.sh'
`;

/** Returns names in lines of a help text, separated by commas. */
function listInLines(names: readonly string[]): string {
  const lines: string[] = [];
  for (const name of names) {
    const line = lines.at(-1);
    if (line === undefined || line.length + name.length > 116) lines.push(`  ${name}`);
    else lines.splice(-1, 1, `${line}, ${name}`);
  }
  return lines.join(',\n');
}

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const list = { type: 'string', multiple: true } as const;

/** Returns the options of `vod-upload pull`. @throws {CommandError} that names what is wrong. */
export function readPullOptions(args: readonly string[], folder: string) {
  const { values: given, positionals } = readArguments('vod-upload pull', args, {
    ...{ from: text, run: text, format: text, map: list, ignore: list, retry: flag },
    ...PRESIGN_OPTIONS,
    ...{ 'no-look': flag, prices: text, 'dry-run': flag, yes: flag, 'no-wait': flag, every: text },
    ...{ mapping: text, failures: text, ...SERVICE_OPTIONS },
  });
  const { format, presign } = given;
  const from = readFrom(given.from, positionals);
  const run = given.run ?? basename(resolve(folder, from)).replace(/\.[^.]*$/, '');
  if (run === '' || (from === '-' && given.run === undefined))
    throw new CommandError('--run must name the run: there is no file whose name it could have.');
  const reading: ListOptions = {
    format: format === undefined ? guessFormat(from) : readChoice('--format', format, LIST_FORMATS),
    map: readMap(given.map ?? []),
    ignored: given.ignore ?? [],
    withoutUrls: presign !== undefined,
  };
  const file = (name: string | undefined, kind: string) =>
    resolve(folder, name ?? `${run.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}.${kind}.csv`);
  const source = from === '-' ? from : resolve(folder, from);
  const mapping = file(given.mapping, 'mapping');
  const failures = file(given.failures, 'failures');
  const [taken] = Object.entries({ mapping, failures }).filter(([, path]) => path === source);
  if (taken !== undefined) {
    throw new CommandError(
      `--${taken[0]} would replace the list itself: name another file, with --${taken[0]} <file>.`,
    );
  }
  if (mapping === failures) throw new CommandError('--mapping and --failures must be two files.');
  checkPlace(mapping);
  checkPlace(failures);
  return { ...given, ...{ from: source, run, presign, reading, mapping, failures } };
}

/** @throws {CommandError} */
function readFrom(from: string | undefined, [other]: readonly string[]): string {
  if (other !== undefined) {
    const rest =
      from === undefined ? `: --from ${showText(other)}` : ', and there is one for a run.';
    throw new CommandError(`A list is named with --from${rest}`);
  }
  if (from !== undefined && from !== '') return from;
  throw new CommandError('--from must name a list, or be - for standard input.');
}

/** The options of one call of `vod-upload pull`. */
export type PullOptions = ReturnType<typeof readPullOptions>;

function guessFormat(from: string): ListOptions['format'] {
  if (/\.(?:ndjson|jsonl)$/i.test(from)) return 'ndjson';
  return /\.(?:tsv|tab)$/i.test(from) ? 'tsv' : undefined;
}

function readMap(pairs: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    pairs.map((pair) => {
      const [field = '', ...rest] = pair.split('=');
      const column = rest.join('=');
      if (column === '')
        throw new CommandError(
          '--map must be a field and its column, such as --map mediaUrl=link.',
        );
      if (LIST_FIELDS.includes(field)) return [field, column] as const;
      throw new CommandError(
        `--map must begin with a field.${suggest(field, LIST_FIELDS)} The fields are ${LIST_FIELDS.join(', ')}.`,
      );
    }),
  );
}
