import * as v from 'valibot';
import type { RunItemState, RunState } from '../../lib/model/pull-run.ts';
import { CommandError } from '../cli/command.ts';

/** A run, as the service shows it. */
export interface Run {
  readonly runId: string;
  readonly name: string;
  readonly state: RunState;
  readonly createdAt: string;
}

/** A run with the numbers of its items. */
export interface CountedRun extends Run {
  readonly total: number;
  readonly states: Readonly<Partial<Record<RunItemState, number>>>;
  readonly bytes: number;
  readonly reasons: readonly {
    readonly state: RunItemState;
    readonly reason: string;
    readonly count: number;
  }[];
}

/** An item of a run, as the service shows it. */
export interface ShownItem {
  readonly id: string;
  readonly state: RunItemState;
  readonly uploadId?: string;
  readonly fileId?: string;
  readonly mediaUrl?: string;
  readonly size?: number;
  readonly duration?: number;
  readonly problem?: { readonly code?: string; readonly detail?: string };
  /** VOD's percentage. */
  readonly progress?: number;
  readonly request?: Readonly<Record<string, unknown>>;
}

/** What became of an item that was sent. */
export interface SentItem {
  readonly id?: string;
  readonly uploadId?: string;
  readonly problem?: {
    readonly code: string;
    readonly detail?: string;
    readonly quota?: { readonly retryAfter: number };
  };
}

const text = v.string();
const run = v.looseObject({ runId: text, name: text, state: text, createdAt: text });
const counted = v.looseObject({
  ...run.entries,
  ...{ total: v.number(), states: v.record(text, v.number()), bytes: v.number() },
  reasons: v.array(v.looseObject({ state: text, reason: text, count: v.number() })),
});
const item = v.looseObject({ id: text, state: text });
const sent = v.looseObject({});

/** Reads an answer of the service. Throws a {@link CommandError} if it is something else. */
export type ReadAnswer<Answer> = (answer: unknown, url: string) => Answer;

/** States and codes are those that this version and the service know. */
function read<Answer>(schema: v.GenericSchema): ReadAnswer<Answer> {
  return (answer, url) => {
    if (v.is(schema, answer)) return answer as Answer;
    throw foreign(200, url);
  };
}

/** Returns the error for an answer that is not of the function pull. */
export function foreign(status: number, url: string): CommandError {
  const { origin, pathname } = new URL(url);
  return new CommandError(
    `What answers ${status} at ${origin}${pathname} is not the function pull: --endpoint must be its address.`,
  );
}

/** Answers about one run. */
export const readRun: ReadAnswer<Run> = read(run);
export const readCounted: ReadAnswer<CountedRun> = read(counted);

/** Pages. */
export const readRuns: ReadAnswer<{ readonly items: readonly Run[] }> = read(
  v.looseObject({ items: v.array(run) }),
);
export const readItems: ReadAnswer<{ readonly items: readonly ShownItem[] }> = read(
  v.looseObject({ items: v.array(item) }),
);

/** Returns what reads the outcomes of this many items. */
export function readSent(count: number): ReadAnswer<{ readonly items: readonly SentItem[] }> {
  return read(v.looseObject({ items: v.pipe(v.array(sent), v.length(count)) }));
}

/** A step of work, of which there is a number at least. */
export const readStep: ReadAnswer<Readonly<Record<string, unknown>>> = read(
  v.pipe(
    v.looseObject({}),
    v.check((step) => Object.values(step).some((value) => typeof value === 'number')),
  ),
);
