/** The last migration that this code needs; a test compares it with the folder, which is not in the bundles. */
export const NEWEST_MIGRATION = '0028-open-uploads.sql';
