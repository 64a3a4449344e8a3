/** Draws at most once per frame, however often it is asked. */
export interface Frame {
  request(): void;
  /** Calls `work` once, after the next drawing. */
  afterNext(work: () => void): void;
}

/** A timer and not an animation frame: those stand still in a hidden tab, where the upload goes on. */
const FRAME_MILLISECONDS = 16;

/** Returns a frame that draws with `render`. */
export function createFrame(render: () => void): Frame {
  let isRequested = false;
  let afterwards: (() => void)[] = [];

  function draw(): void {
    isRequested = false;
    render();
    const due = afterwards;
    afterwards = [];
    for (const work of due) work();
  }
  function request(): void {
    if (isRequested) return;
    isRequested = true;
    window.setTimeout(draw, FRAME_MILLISECONDS);
  }
  return {
    request,
    afterNext(work) {
      afterwards.push(work);
      request();
    },
  };
}
