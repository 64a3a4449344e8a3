import { byteLength, formatCount } from '../components/format.ts';
import type { SignatureFields } from '../stack/stack-client.ts';

/** VOD's limit for SourceContext: https://cloud.tencent.com/document/product/266/9221 */
const SOURCE_CONTEXT_BYTES = 250;

/** Options as the form has them: text, by the name of the field. */
export type OptionTexts = Readonly<Record<string, string>>;

/** Returns what the signature is asked for with these options; what is empty is left out. */
export function readOptions(texts: OptionTexts): SignatureFields {
  const text = (name: string) => texts[name]?.trim() ?? '';
  const expiry = text('mediaExpireTime');
  return {
    ...(text('classId') === '' ? {} : { classId: Number(text('classId')) }),
    ...(text('procedure') === '' ? {} : { procedure: text('procedure') }),
    ...(text('taskNotifyMode') === '' ? {} : { taskNotifyMode: text('taskNotifyMode') }),
    ...(text('sourceContext') === '' ? {} : { sourceContext: text('sourceContext') }),
    ...(text('storageRegion') === '' ? {} : { storageRegion: text('storageRegion') }),
    ...(text('expiresIn') === '' ? {} : { expiresIn: Number(text('expiresIn')) }),
    ...(expiry === '' ? {} : { mediaExpireTime: new Date(expiry).toISOString() }),
    ...(text('oneTimeValid') === '' ? {} : { oneTimeValid: true }),
  };
}

/** Returns how much of what fits into the source context is written, and whether it is more than that. */
export function countContext(texts: OptionTexts): {
  readonly count: string;
  readonly isOver: boolean;
} {
  const bytes = byteLength(texts['sourceContext']?.trim() ?? '');
  return {
    count: `${formatCount(bytes, 'byte')} of ${SOURCE_CONTEXT_BYTES}`,
    isOver: bytes > SOURCE_CONTEXT_BYTES,
  };
}
