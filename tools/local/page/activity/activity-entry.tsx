import { useSignal } from '@preact/signals';
import { formatClock } from '../components/format.ts';
import type { ActivityRow, TextedActivity } from './activity-rows.ts';

/** The row of an activity; when it is open, it shows everything that was recorded. */
export function ActivityEntry({ row }: { readonly row: ActivityRow }) {
  const { activities, text } = row;
  const isOpen = useSignal(false);
  const { kind, title, detail, status, tone } = text;
  const last = activities.at(-1)?.activity;
  if (last === undefined) return null;
  return (
    <details
      class="wire-row"
      data-kind={kind}
      data-tone={tone}
      data-type={last.type}
      onToggle={({ currentTarget }) => {
        isOpen.value = currentTarget.open;
      }}
    >
      <summary tabIndex={-1}>
        <time dateTime={last.at}>{formatClock(new Date(last.at)).slice(0, 8)}</time>
        <span class="wire-title">{title}</span>
        <span class="wire-status">{status}</span>
        {detail !== '' && <span class="wire-detail">{detail}</span>}
      </summary>
      {isOpen.value &&
        (activities.length > 1 ? <Several activities={activities} /> : <Whole {...last} />)}
    </details>
  );
}

function Several({ activities }: Pick<ActivityRow, 'activities'>) {
  return (
    <ul class="wire-several">
      {activities.map(({ activity, text }: TextedActivity) => (
        <li key={activity.seq}>
          <time dateTime={activity.at}>{formatClock(new Date(activity.at))}</time> {text.title}{' '}
          <span class="wire-status">{text.status}</span>
        </li>
      ))}
    </ul>
  );
}

function Whole(activity: TextedActivity['activity']) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: some browsers do not let the keyboard reach scrollable elements.
    <pre tabIndex={0}>{JSON.stringify(activity, null, 2)}</pre>
  );
}
