/** Name of the profile for callers that match no entry of `select`. */
export const DEFAULT_PROFILE = 'default';
