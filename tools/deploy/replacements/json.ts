/**
 * Stands in for `json-bigint`, whose module makes a parser and writer: this one is Node's own. A BigInt in a request,
 * which VOD's API has none of, throws a `TypeError` that says so.
 */
export function createJson(): typeof JSON {
  return JSON;
}
