/** A browser that does not know a format says so at once; some say nothing about broken files. */
const PATIENCE_MILLISECONDS = 5_000;

/** Returns the duration of a media file in seconds; undefined where the browser cannot read it, or there is none. */
export async function readDuration(file: File): Promise<number | undefined> {
  if (!globalThis.document) return undefined;
  const media = document.createElement('video');
  const url = URL.createObjectURL(file);
  try {
    await new Promise((resolve) => {
      media.onloadedmetadata = resolve;
      media.onerror = resolve;
      setTimeout(resolve, PATIENCE_MILLISECONDS);
      media.preload = 'metadata';
      media.src = url;
    });
    // A recording of a browser has an infinite one until it is rewritten.
    return Number.isFinite(media.duration) ? media.duration : undefined;
  } finally {
    media.removeAttribute('src');
    URL.revokeObjectURL(url);
  }
}
