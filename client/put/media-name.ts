import { extname } from 'node:path';

/** Returns the type of a file by its name: in lower case, without a dot. */
export function typeOf(path: string): string {
  return extname(path).slice(1).toLowerCase();
}

/** Returns the name of the media: as with the vendor's clients, it has no extension. */
export function mediaName(name: string, type: string): string {
  const end = `.${type}`;
  return name.toLowerCase().endsWith(end) ? name.slice(0, -end.length) : name;
}
