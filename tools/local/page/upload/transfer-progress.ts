import { formatBytes, formatSpan } from '../components/format.ts';
import type { ServerFacts } from '../facts/server-facts.ts';
import { storedBytes } from './stored-parts.ts';
import { isRunning, type Upload } from './upload.ts';

/** The progress of a transfer. */
export interface TransferProgress {
  /** Of all bytes, in whole percent; it never decreases. */
  readonly percent: number;
  readonly text: string;
  /** Speed and time left; empty while nothing is sent. */
  readonly rate: string;
}

/**
 * Returns the progress of an upload's transfer; undefined before it begins and after VOD has the media.
 *
 * The browser counts a byte as sent long before storage has its part, and a part that a pause interrupts is sent again.
 * So the progress does not go back, and the text also has what is stored.
 */
export function describeTransfer(upload: Upload, facts: ServerFacts): TransferProgress | undefined {
  const { file, phase, transfer, stored, fileId } = upload;
  const isBegun = transfer.reached > 0 || stored || isRunning(upload);
  if (file === null || fileId !== null || !isBegun) return undefined;
  const inStorage = stored ? file.size : storedBytes(upload, facts);
  const reached = Math.max(transfer.reached, inStorage);
  const share = file.size === 0 ? Number(stored) : reached / file.size;
  return {
    percent: Math.min(Math.floor(share * 100), stored ? 100 : 99),
    text:
      phase === 'uploading'
        ? describeSending(upload, Math.max(transfer.loaded, inStorage))
        : describeStored(inStorage, reached, file.size),
    rate: phase === 'uploading' ? describeRate(upload) : '',
  };
}

function describeSending({ file, transfer }: Upload, loaded: number): string {
  const text = `${formatBytes(loaded)} of ${formatBytes(file?.size ?? 0)}`;
  return loaded < transfer.reached ? `${text}, sending again what a stop interrupted` : text;
}

function describeStored(inStorage: number, reached: number, size: number): string {
  const text = `${formatBytes(inStorage)} of ${formatBytes(size)} stored`;
  return inStorage < reached
    ? `${text}; ${formatBytes(reached - inStorage)} will be sent again`
    : text;
}

function describeRate({ transfer, stored }: Upload): string {
  if (stored || transfer.bytesPerSecond === 0) return '';
  const speed = `${formatBytes(transfer.bytesPerSecond)}/s`;
  if (transfer.remainingSeconds === null) return speed;
  if (transfer.remainingSeconds === 0) return 'Sent, waiting for storage';
  return `${speed} · ${formatSpan(Math.max(1, transfer.remainingSeconds))} left`;
}
