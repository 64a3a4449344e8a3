import type { Tone } from '../components/tone.ts';
import { isEnded, type PullView } from './pull.ts';

/** Returns the common state of all pulls in a word or two; empty if there are none. */
export function describePulls(views: readonly PullView[]): {
  readonly text: string;
  readonly tone: Tone;
} {
  const running = views.filter((view) => !isEnded(view)).length;
  const bad = views.filter(({ state }) => state !== 'made').length;
  const tone = running > 0 ? 'active' : bad > 0 ? 'bad' : 'good';
  const [first, ...others] = views;
  if (first === undefined) return { text: '', tone: 'plain' };
  if (others.length === 0) return { text: first.label, tone };
  if (running > 0) return { text: `${running.toLocaleString('en')} under way`, tone };
  return { text: bad === 0 ? 'All fetched' : `${bad} of ${views.length} not fetched`, tone };
}
