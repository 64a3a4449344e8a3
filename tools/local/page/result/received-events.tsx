import { formatCount } from '../components/format.ts';
import type { FileFacts, LogLine } from '../facts/file-facts.ts';
import { isSuccess } from '../stack/recorded.ts';

/** Fields of a log line about the upload, which come before those about the call. */
const TELLING_FIELDS: readonly string[] = [
  'eventType',
  'reason',
  'fileId',
  'uploadId',
  'owner',
  'taskId',
  'taskStatus',
];

/** VOD's notifications about a file, and what the callback function did with them. */
export function ReceivedEvents({ notifications, receipts }: FileFacts) {
  const newest = (type: string) =>
    notifications.findLast(({ eventType }) => eventType === type)?.event;
  if (receipts.length === 0) {
    return <p class="muted">The notification has not arrived yet.</p>;
  }
  return (
    <>
      <details class="code-block">
        <summary>
          What the callback function logged{' '}
          <span class="muted">{formatCount(receipts.length, 'line')}</span>
        </summary>
        <ul id="received-lines" class="log-lines">
          {receipts.map((line, place) => (
            <ReceivedLine key={place} line={line} />
          ))}
        </ul>
      </details>
      <EventText id="event-json" title="Event as VOD sent it" event={newest('NewFileUpload')} />
      <EventText
        id="procedure-json"
        title="Event about processing, simulated"
        event={newest('ProcedureStateChanged')}
      />
    </>
  );
}

function ReceivedLine({ line }: { readonly line: LogLine }) {
  const rest = Object.keys(line).filter((name) => !TELLING_FIELDS.includes(name));
  const names = [...TELLING_FIELDS.filter((name) => name in line), ...rest];
  const isRefusal = !isSuccess(typeof line['status'] === 'number' ? line['status'] : undefined);
  return (
    <li data-tone={isRefusal ? 'bad' : 'good'}>
      <dl class="log-pairs">
        {names.map((name) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{toText(line[name])}</dd>
          </div>
        ))}
      </dl>
    </li>
  );
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

interface EventTextProps {
  readonly id: string;
  readonly title: string;
  readonly event: LogLine | undefined;
}

function EventText({ id, title, event }: EventTextProps) {
  if (event === undefined) return null;
  return (
    <details class="code-block">
      <summary>{title}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: some browsers do not let the keyboard reach scrollable elements. */}
      <pre id={id} tabIndex={0}>
        {JSON.stringify(event, null, 2)}
      </pre>
    </details>
  );
}
