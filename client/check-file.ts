import type { Problem, Violation } from './problem.ts';
import { readDuration } from './read-duration.ts';
import type { UploadLimits } from './signature-fields.ts';

/** What can be found out about a file before it is sent; what is unknown is left out. */
export interface FileFacts {
  /** In seconds. */
  readonly duration?: number;
  /** File name extensions that fit the content. */
  readonly types?: readonly string[];
}

/** Returns what is in a file; it may read as much of it as it wants. */
export type InspectFile = (file: File, limits: UploadLimits) => Promise<FileFacts>;

/** Returns why the service would reject `file`, as far as that can be known; undefined if it would not. */
export async function checkFile(
  file: File,
  limits: UploadLimits,
  inspect: InspectFile = inspectInBrowser,
): Promise<Problem | undefined> {
  // Name and size cost nothing. A file that cannot be read here may be fine for VOD, which has the last word.
  return (
    judge(limits, { size: file.size, types: [readExtension(file)] }) ??
    judge(limits, await inspect(file, limits).catch(() => ({})))
  );
}

async function inspectInBrowser(file: File, { maxSeconds }: UploadLimits): Promise<FileFacts> {
  const duration = maxSeconds && (await readDuration(file));
  return duration ? { duration } : {};
}

/** Returns the problem in the form in which the service reports it afterwards. */
function judge(
  { maxBytes = Infinity, maxSeconds = Infinity, mediaTypes }: UploadLimits,
  { size = 0, duration = 0, types }: FileFacts & { readonly size?: number },
): Problem | undefined {
  const violations: Violation[] = [];
  const texts: string[] = [];
  const add = (text: string, violation: Violation) => {
    texts.push(text);
    violations.push(violation);
  };
  if (size > maxBytes) {
    const text = `it has ${size} bytes, and ${maxBytes} are allowed`;
    add(text, { rule: 'maxBytes', limit: maxBytes, actual: size });
  }
  if (duration > maxSeconds) {
    const text = `it lasts ${duration} seconds, and ${maxSeconds} are allowed`;
    add(text, { rule: 'maxSeconds', limit: maxSeconds, actual: duration });
  }
  if (mediaTypes && types && !mediaTypes.some((type) => types.includes(type.toLowerCase()))) {
    const actual = types.join(' or ');
    const text = `it is ${actual || 'without a type'}, and must be ${mediaTypes.join(' or ')}`;
    add(text, { rule: 'mediaTypes', limit: mediaTypes, actual });
  }
  if (texts.length === 0) return undefined;
  const detail = `The file is not what its upload allows: ${texts.join('; ')}.`;
  return { code: 'limits_exceeded', detail, ...violations[0], violations };
}

/** The SDK tells VOD this as the type. */
function readExtension({ name }: File): string {
  return /\.([^.]*)$/.exec(name)?.[1]?.toLowerCase() ?? '';
}
