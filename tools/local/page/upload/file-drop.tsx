import { useEffect, useRef } from 'preact/hooks';

/** What media the browser's file dialogue offers; those behind the commas are no media to every browser. */
const ACCEPTED = 'video/*,audio/*,image/*,.flv,.mkv,.ts,.m3u8,.wmv,.avi,.rmvb';

interface FileDropProps {
  readonly isShown: boolean;
  /** Whether a dropped or pasted file is taken, which may also be done where the zone is not shown. */
  readonly isEnabled: boolean;
  readonly onFile: (file: File) => void;
}

/** Takes a file from its input, from drag and drop anywhere on the page, and from the clipboard. */
export function FileDrop({ isShown, isEnabled, onFile }: FileDropProps) {
  const input = useRef<HTMLInputElement>(null);
  const wasShown = useRef(isShown);
  useEffect(() => acceptFiles(isEnabled, onFile), [isEnabled, onFile]);
  useEffect(() => {
    // It was shown again by a button that is gone now.
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
          // So that the same file can be chosen again.
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

/** Takes files from the whole page until what it returns is called. */
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
      // Also while disabled: without it the browser would leave the page to show the file.
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
