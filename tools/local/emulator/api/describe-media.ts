import * as v from 'valibot';
import { apiError } from './api-error.ts';
import { defineAction } from './define-action.ts';
import { describeMedia, MEDIA_FILTERS } from './media-info.ts';
import { application } from './parameters.ts';

const MAX_FILES = 20;

/** https://cloud.tencent.com/document/product/266/31763 */
export const describeMediaInfos = defineAction({
  entries: {
    ...application,
    FileIds: v.pipe(v.array(v.string()), v.maxLength(MAX_FILES)),
    Filters: v.optional(v.array(v.picklist(MEDIA_FILTERS)), []),
  },
  codes: { FileIds: 'InvalidParameterValue.FileIdsOverLimit' },
  perform(api, { FileIds, Filters }) {
    const { media } = api.state;
    if (FileIds.length === 0) {
      throw apiError('InvalidParameterValue.FileIdsEmpty', 'FileIds must not be empty');
    }
    const ids = [...new Set(FileIds)];
    return {
      MediaInfoSet: ids.flatMap((id) => {
        const found = media.get(id);
        return found === undefined ? [] : [describeMedia(api, found, Filters)];
      }),
      NotExistFileIdSet: ids.filter((id) => !media.has(id)),
    };
  },
});
