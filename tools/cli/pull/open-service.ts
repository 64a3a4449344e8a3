import { createRunService, type RunService } from '../../pull/run-service.ts';
import { CommandError, type Surroundings } from '../command.ts';
import { explainFunctionUrl } from '../show-url.ts';

/** Options of every command that asks the service for runs. */
export const SERVICE_OPTIONS = { endpoint: { type: 'string' }, json: { type: 'boolean' } } as const;

/** What `--help` says about them. */
export const SERVICE_HELP = `  --endpoint <url>       address of the function "pull", such as http://localhost:3000
  --json                 writes one JSON object a line`;

/** What it says about their variables. */
export const SERVICE_VARIABLES = `  VOD_UPLOAD_ENDPOINT    as --endpoint
  VOD_UPLOAD_TOKEN       API key or token of a caller with the scope upload:pull`;

/**
 * Returns the runs of the caller whom the environment names.
 *
 * @throws {CommandError} that names everything that is missing or wrong.
 */
export function openService(
  { endpoint }: { readonly endpoint?: string | undefined },
  { environment }: Pick<Surroundings, 'environment'>,
): RunService {
  const url = endpoint ?? environment['VOD_UPLOAD_ENDPOINT'] ?? '';
  const token = environment['VOD_UPLOAD_TOKEN']?.trim() ?? '';
  const wrong = url === '' ? 'must be the address of the function pull' : explainFunctionUrl(url);
  const problems = [
    ...(wrong === undefined ? [] : [`--endpoint, or VOD_UPLOAD_ENDPOINT, ${wrong}.`]),
    ...(token === ''
      ? ['VOD_UPLOAD_TOKEN must be an API key or a token with the scope upload:pull.']
      : []),
  ];
  if (problems.length > 0) throw new CommandError(problems.join(' '));
  return createRunService({ endpoint: url, token });
}

/** Asks a question that is answered with y or n. @throws {CommandError} without a terminal. */
export async function confirm(
  question: string,
  { ask }: Pick<Surroundings, 'ask'>,
): Promise<boolean> {
  if (ask === undefined)
    throw new CommandError('There is no terminal to ask on: repeat the command with --yes.');
  return /^y(?:es)?$/i.test((await ask(`${question} [y/N] `)).trim());
}
