/** Query parameters in the order they were sent, decoded. */
export type Query = readonly (readonly [name: string, value: string])[];

/** Returns `text` percent-encoded except for letters, digits and `-_.~`, as both signature schemes require it. */
export function encodeUriText(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/**
 * Returns the key of an object, without a leading slash: COS's SDK for PHP sends `/a` and `a` in the requests of one
 * upload, and means the same object.
 */
export function toKey(text: string): string {
  return text.replace(/^\//, '');
}

/** Returns `path` encoded like {@link encodeUriText}, except for its slashes. */
export function encodeUriPath(path: string): string {
  return path.split('/').map(encodeUriText).join('/');
}

/** Returns the parameters of `query`, which has no question mark; a plus sign stays a plus sign. @throws URIError */
export function parseQuery(query: string): Query {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [decodeURIComponent(name), decodeURIComponent(value.join('='))];
    });
}

/** Returns the value of the first parameter called `name`. */
export function queryValue(query: Query, name: string): string | undefined {
  return query.find(([candidate]) => candidate === name)?.[1];
}
