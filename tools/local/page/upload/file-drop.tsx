import { useEffect, useRef } from 'preact/hooks';

/** The files that the browser's file dialogue offers; not every browser knows the listed extensions as media. */
const ACCEPTED = 'video/*,audio/*,image/*,.flv,.mkv,.ts,.m3u8,.wmv,.avi,.rmvb';

interface FileDropProps {
  readonly isShown: boolean;
  /** Whether dropped or pasted files are accepted, also while the zone is not shown. */
  readonly isEnabled: boolean;
  readonly onFile: (file: File) => void;
}

/** Accepts a file from its input, from drag and drop anywhere on the page, and from the clipboard. */
export function FileDrop({ isShown, isEnabled, onFile }: FileDropProps) {
  const input = useRef<HTMLInputElement>(null);
  const wasShown = useRef(isShown);
  useEffect(() => acceptFiles(isEnabled, onFile), [isEnabled, onFile]);
  useEffect(() => {
    // The button that showed it again, and had the focus, no longer exists.
    if (isShown && !wasShown.current) input.current?.focus();
    wasShown.current = isShown;
  }, [isShown]);

  return (
    <div id="drop-zone" class="drop-zone" hidden={!isShown}>
      <input
        ref={input}
        id="file"
        class="visually-hidden"
        type="file"
        accept={ACCEPTED}
        aria-describedby="drop-hint"
        onChange={({ currentTarget }) => {
          const file = currentTarget.files?.[0];
          // Allows the same file to be chosen again.
          currentTarget.value = '';
          if (file !== undefined) onFile(file);
        }}
      />
      <label for="file">
        <svg class="drop-icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
          <path d="M12 16V4.5M7 9.5l5-5 5 5M4 16.5v2a1.5 1.5 0 0 0 1.5 1.5h13a1.5 1.5 0 0 0 1.5-1.5v-2" />
        </svg>
        <span class="drop-title">
          Drop a video, or <span class="drop-link">choose a file</span>
        </span>
        <span id="drop-hint" class="drop-hint">
          Audio and images work too. You can also paste a file. Nothing leaves this machine.
        </span>
      </label>
    </div>
  );
}

/** Accepts files from the whole page until the returned function is called. */
function acceptFiles(isEnabled: boolean, onFile: (file: File) => void): () => void {
  const ended = new AbortController();
  const options = { signal: ended.signal };
  const body = document.body;
  const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
  const accept = (transfer: DataTransfer | null) => {
    const file = transfer?.files[0];
    if (isEnabled && file !== undefined) onFile(file);
  };
  document.addEventListener('paste', (event) => accept(event.clipboardData), options);
  document.addEventListener(
    'dragover',
    (event) => {
      if (!hasFiles(event)) return;
      // Also while disabled: otherwise the browser would leave the page to show the file.
      event.preventDefault();
      body.classList.toggle('is-dragging', isEnabled);
    },
    options,
  );
  document.addEventListener(
    'dragleave',
    (event) => event.relatedTarget === null && body.classList.remove('is-dragging'),
    options,
  );
  document.addEventListener(
    'drop',
    (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      body.classList.remove('is-dragging');
      accept(event.dataTransfer);
    },
    options,
  );
  return () => ended.abort();
}
