import type { SignatureFields } from '../../../../client/vod-upload.ts';
import { byteLength, formatCount } from '../components/format.ts';

/** VOD's limit for SourceContext: https://cloud.tencent.com/document/product/266/9221 */
const SOURCE_CONTEXT_BYTES = 250;

/** The texts of the form's options, by the name of the field. */
export type OptionTexts = Readonly<Record<string, string>>;

/** Returns the fields of the signature's request for these options, without the empty ones. */
export function readOptions(texts: OptionTexts): SignatureFields {
  const text = (name: string) => texts[name]?.trim() ?? '';
  const expiry = text('mediaExpireTime');
  const taskNotifyMode = text('taskNotifyMode');
  return {
    ...(text('classId') === '' ? {} : { classId: Number(text('classId')) }),
    ...(text('procedure') === '' ? {} : { procedure: text('procedure') }),
    ...(isNotifyMode(taskNotifyMode) ? { taskNotifyMode } : {}),
    ...(text('sourceContext') === '' ? {} : { sourceContext: text('sourceContext') }),
    ...(text('storageRegion') === '' ? {} : { storageRegion: text('storageRegion') }),
    ...(text('expiresIn') === '' ? {} : { expiresIn: Number(text('expiresIn')) }),
    ...(expiry === '' ? {} : { mediaExpireTime: new Date(expiry).toISOString() }),
    ...(text('oneTimeValid') === '' ? {} : { oneTimeValid: true }),
  };
}

function isNotifyMode(text: string): text is 'Finish' | 'Change' | 'None' {
  return ['Finish', 'Change', 'None'].includes(text);
}

/** Returns the length of the source context with its limit, and whether it is over the limit. */
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
