/** What VOD has found out of a media file; what it has not is missing. */
export interface MediaFacts {
  /** File name extension by which the file came; anybody may have written it. */
  readonly type?: string | undefined;
  /** What the file really is, e.g. `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly container?: string | undefined;
  /** In bytes. */
  readonly size?: number | undefined;
  /** In seconds. */
  readonly duration?: number | undefined;
}
