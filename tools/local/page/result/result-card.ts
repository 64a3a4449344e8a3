import { enableCopyButton } from '../components/copy-button.ts';
import { byId, createElement, setText, setVisible, tableRows } from '../components/dom.ts';
import { createPlayer } from '../components/player.ts';
import type { FileFacts, LogLine } from '../facts/file-facts.ts';
import type { ServerFacts } from '../facts/server-facts.ts';
import { isSuccess } from '../stack/recorded.ts';
import type { Upload } from '../upload/upload.ts';
import { describeMetadata } from './media-metadata.ts';

/** What a log line tells about the upload comes before what it tells about the call. */
const TELLING_FIELDS: readonly string[] = [
  'eventType',
  'reason',
  'fileId',
  'uploadId',
  'owner',
  'taskId',
  'taskStatus',
];

/** The card of the finished upload. */
export interface ResultCard {
  render(upload: Upload, facts: ServerFacts): void;
}

/** Builds the card, which fills itself as the server tells more about the file. */
export function createResultCard(): ResultCard {
  const card = byId('result-card', HTMLElement);
  let playing = '';
  enableCopying(card);

  return {
    render(upload, facts) {
      setVisible(card, upload.fileId !== null);
      if (upload.fileId === null) {
        playing = '';
        return byId('stage-media', HTMLDivElement).replaceChildren();
      }
      const file = facts.file(upload.fileId);
      const url = file.media?.mediaUrl ?? '';
      if (url !== '' && playing !== url) {
        playing = url;
        byId('stage-media', HTMLDivElement).replaceChildren(
          createPlayer({
            url,
            coverUrl: file.media?.coverUrl ?? '',
            type: upload.file?.type ?? '',
            id: 'player',
          }),
        );
      }
      setText(byId('result-name', HTMLParagraphElement), file.media?.name ?? '');
      renderAddresses(upload.fileId, file);
      renderMetadata(file);
      renderEvents(file);
    },
  };
}

function renderAddresses(fileId: string, { media }: FileFacts): void {
  setTextById('file-id', fileId);
  setTextById('media-url', absolute(media?.mediaUrl ?? ''));
  setTextById('cover-url', absolute(media?.coverUrl ?? ''));
  setVisible(byId('cover-url-row', HTMLDivElement), (media?.coverUrl ?? '') !== '');
}

function setTextById(id: string, text: string): void {
  setText(byId(id, HTMLElement), text);
}

function absolute(url: string): string {
  return url === '' ? '' : new URL(url, location.href).href;
}

function renderMetadata({ media }: FileFacts): void {
  const rows = describeMetadata(media?.metaData ?? null);
  setVisible(byId('meta-block', HTMLDivElement), rows.length > 0);
  setVisible(byId('meta-none', HTMLParagraphElement), media !== undefined && rows.length === 0);
  const body = byId('meta-rows', HTMLTableSectionElement);
  if (body.childElementCount !== rows.length) body.replaceChildren(...tableRows(rows));
}

function renderEvents({ notifications, receipts }: FileFacts): void {
  setVisible(byId('received-waiting', HTMLParagraphElement), receipts.length === 0);
  setVisible(byId('received-hint', HTMLParagraphElement), receipts.length > 0);
  const lines = byId('received-lines', HTMLUListElement);
  if (lines.childElementCount !== receipts.length) {
    lines.replaceChildren(...receipts.map(createLogLine));
  }
  const newest = (type: string) =>
    notifications.findLast(({ eventType }) => eventType === type)?.event;
  showJson('event', newest('NewFileUpload'));
  showJson('procedure', newest('ProcedureStateChanged'));
}

function showJson(name: string, event: LogLine | undefined): void {
  setVisible(byId(`${name}-details`, HTMLDetailsElement), event !== undefined);
  if (event === undefined) return;
  setText(byId(`${name}-json`, HTMLPreElement), JSON.stringify(event, null, 2));
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function createLogLine(line: LogLine): HTMLLIElement {
  const rest = Object.keys(line).filter((name) => !TELLING_FIELDS.includes(name));
  const names = [...TELLING_FIELDS.filter((name) => name in line), ...rest];
  const pairs = names.map((name) =>
    createElement('div', {}, [
      createElement('dt', { text: name }),
      createElement('dd', { text: toText(line[name]) }),
    ]),
  );
  const isRefusal = !isSuccess(typeof line['status'] === 'number' ? line['status'] : undefined);
  return createElement('li', { attributes: { 'data-tone': isRefusal ? 'bad' : 'good' } }, [
    createElement('dl', { class: 'log-pairs' }, pairs),
  ]);
}

function enableCopying(card: HTMLElement): void {
  for (const button of card.querySelectorAll<HTMLButtonElement>('button[data-copy]')) {
    const source = byId(button.dataset['copy'] ?? '', HTMLElement);
    const name = source.closest('div')?.firstElementChild?.textContent ?? '';
    enableCopyButton(button, source, name);
  }
}
