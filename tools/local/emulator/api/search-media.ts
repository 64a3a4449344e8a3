import { apiError } from './api-error.ts';
import { defineAction } from './define-action.ts';
import { describeMedia } from './media-info.ts';
import { findMedia } from './search-criteria.ts';
import { searchEntries } from './search-parameters.ts';

/** https://cloud.tencent.com/document/product/266/31813: no search returns more. */
const MAX_FOUND = 5_000;

/**
 * https://cloud.tencent.com/document/product/266/31813. Newest first unless sorted, which is our guess; a search for
 * words is ordered by the number of matches.
 */
export const searchMedia = defineAction({
  entries: searchEntries,
  codes: { Limit: 'InvalidParameterValue.Limit', Offset: 'InvalidParameterValue.Offset' },
  perform(api, search) {
    const { Offset, Limit, Filters } = search;
    if (Offset + Limit > MAX_FOUND) {
      const message = `Offset + Limit must not be more than ${MAX_FOUND}`;
      throw apiError('InvalidParameterValue.Limit', message);
    }
    const found = findMedia(api, search, api.now(), MAX_FOUND);
    return {
      TotalCount: found.length,
      MediaInfoSet: found
        .slice(Offset, Offset + Limit)
        .map((media) => describeMedia(api, media, Filters)),
    };
  },
});
