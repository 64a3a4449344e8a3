import { clock, random } from '../../../lib/system.ts';
import { type Command, CommandError, EXIT, type Surroundings } from '../command.ts';
import { readSecret } from '../messages/folder-state.ts';
import { createForward, FORWARD_HELP } from '../messages/forward.ts';
import { writeMessageLine } from '../messages/message-line.ts';
import { makeSample, SAMPLE_TYPES } from '../messages/sample-messages.ts';
import { readArguments } from '../read-options.ts';
import { suggest } from '../suggest.ts';

const OPTIONS = {
  'forward-to': { type: 'string' },
  secret: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const;

const LIST = SAMPLE_TYPES.map((type) => `  ${type}\n`).join('');

const HELP = `vod-upload trigger sends a made-up message to a consumer on your own machine, signed as by "vod-upload listen".

Its upload does not exist, and is a new one each time. No deployment is asked or changed.

Usage: vod-upload trigger <type> --forward-to <url> [options]

Types:
${LIST}
Options:
${FORWARD_HELP}
  --json                 one JSON object: { message, forwarded: { ok, status, error, milliseconds } }

Variables:
  XDG_STATE_HOME         folder for secrets; ~/.local/state by default

Exit codes: 0 the consumer accepted it, 1 it did not, 2 nothing could be sent.

Examples:
  vod-upload trigger upload.ready --forward-to http://localhost:8080/hook
  vod-upload trigger vod.PullComplete --forward-to http://localhost:8080/hook --secret "$WEBHOOK_SECRET"
`;

/** `vod-upload trigger`: sends a made-up message. */
export const trigger: Command = { help: HELP, run };

async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { values, positionals } = readArguments('vod-upload trigger', args, OPTIONS);
  const [type = '', ...others] = positionals;
  const message =
    others.length === 0 ? makeSample(type, { key: random.key(), now: clock.now() }) : undefined;
  if (message === undefined) {
    throw new CommandError(
      `The argument must be one type of messages, such as upload.ready.${suggest(type, SAMPLE_TYPES)} See "vod-upload trigger --help".`,
    );
  }
  const target = values['forward-to'];
  if (target === undefined) {
    throw new CommandError('--forward-to must name the consumer, as http://localhost:8080/hook.');
  }
  const forward = createForward(target, await readSecret(values.secret, surroundings));
  const forwarded = await forward(message);
  const { colours } = surroundings;
  surroundings.writeOut(writeMessageLine({ message }, forwarded, { json: values.json, colours }));
  return forwarded.ok ? EXIT.good : EXIT.no;
}
