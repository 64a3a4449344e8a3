/**
 * Replaces `json-bigint`, whose module creates a parser and writer, by Node's own. A BigInt in a request throws a
 * `TypeError` that says so; VOD's API has none.
 */
export function createJson(): typeof JSON {
  return JSON;
}
