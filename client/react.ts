import { useState, useSyncExternalStore } from 'react';
import type { UploadOptions, UploadState, VodUpload, VodUploadClient } from './vod-upload.ts';

/** An upload, and its state as it is shown now. */
export interface ShownUpload {
  /** Different for each upload: the `key` of its element. */
  readonly key: number;
  readonly upload: VodUpload;
  readonly state: UploadState;
}

/** What a component does with uploads. */
export interface UseVodUpload {
  /** In the order in which they began; a new list with each change. */
  readonly uploads: readonly ShownUpload[];
  /** Begins an upload, or continues the one of the same file that a reload has interrupted. */
  readonly upload: (file: File, options?: UploadOptions) => VodUpload;
  /** Takes an upload off the list; it goes on by itself. */
  readonly dismiss: (upload: VodUpload) => void;
}

const NONE: readonly ShownUpload[] = [];

/**
 * Uploads files with `client`, which is created once, outside of components. Uploads go on when the component is
 * removed; give them a signal to end them then.
 */
export function useVodUpload(client: VodUploadClient): UseVodUpload {
  const [store] = useState(createStore);
  const uploads = useSyncExternalStore(store.subscribe, store.get, () => NONE);
  return {
    uploads,
    upload(file, options) {
      const upload = client.upload(file, options);
      store.add(upload);
      return upload;
    },
    dismiss: store.remove,
  };
}

function createStore() {
  let shown = NONE;
  let count = 0;
  const listeners = new Set<() => void>();
  const ends = new Map<VodUpload, () => void>();
  const show = (next: readonly ShownUpload[]) => {
    shown = next;
    for (const listener of listeners) listener();
  };
  return {
    get: () => shown,
    subscribe(listener: () => void): () => void {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    add(upload: VodUpload): void {
      count += 1;
      show([...shown, { key: count, upload, state: upload.state }]);
      const end = upload.subscribe((state) =>
        show(shown.map((each) => (each.upload === upload ? { ...each, state } : each))),
      );
      ends.set(upload, end);
    },
    remove(upload: VodUpload): void {
      ends.get(upload)?.();
      ends.delete(upload);
      show(shown.filter((each) => each.upload !== upload));
    },
  };
}
