import * as v from 'valibot';
import { MANIFEST_TYPES, ManifestError, parseManifest } from '../manifest.ts';
import { apiError } from './api-error.ts';
import { defineAction } from './define-action.ts';

/** https://cloud.tencent.com/document/product/266/31755; DASH manifests with numbered files are not supported. */
export const parseStreamingManifest = defineAction({
  entries: {
    MediaManifestContent: v.string(),
    ManifestType: v.optional(v.picklist(['', ...MANIFEST_TYPES])),
  },
  perform(_api, { MediaManifestContent, ManifestType }) {
    try {
      return { MediaSegmentSet: parseManifest(MediaManifestContent, ManifestType || 'm3u8') };
    } catch (cause) {
      if (!(cause instanceof ManifestError)) throw cause;
      const message = `MediaManifestContent: ${cause.message}`;
      throw apiError('InvalidParameterValue.MediaManifestContent', message, { cause });
    }
  },
});
