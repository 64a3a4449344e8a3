/** Name of the profile that holds for callers whom no entry of `select` fits. */
export const DEFAULT_PROFILE = 'default';
