import type { Environment } from '../../lib/config/environment.ts';
import { showText } from '../cli/show-text.ts';
import { showUrl } from '../cli/show-url.ts';

/** Names under which secrets are kept. */
const SECRET_NAME = /secret|token|passw|credential|signature|authorization|(?:^|_)key(?:$|_)/i;

/** A name and what follows it, up to the next space or quotation mark; schemes as of HTTP count as part of the name. */
const NAMED =
  /([\w-]*(?:secret|token|passw|credential|signature|authorization|key)[\w-]*["']?\s*[=:]\s*(?:bearer\s+|basic\s+)?["']?)[^\s"']+/gi;

/** Long random words, as keys and tokens are. */
const RANDOM = /(?=[\w.+=-]*\d)[\w.+=-]{24,}/g;

/** Shorter values may be words of any text. */
const LEAST_SECRET = 8;

/** Returns a line of another program without what may be secret: queries of URLs, keys and tokens, and control characters. */
export function hideSecrets(line: string, environment: Environment): string {
  let text = line.replaceAll(/https?:\/\/[^\s"'<>]+/gi, showUrl);
  for (const [name, value = ''] of Object.entries(environment)) {
    if (SECRET_NAME.test(name) && value.length >= LEAST_SECRET) text = text.replaceAll(value, '…');
  }
  return showText(text.replaceAll(NAMED, '$1…').replaceAll(RANDOM, '…'));
}
