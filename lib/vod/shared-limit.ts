import type { LeaseCalls, LeasedCalls, LeaseRequest, LimitRates } from '../model/call-lease.ts';
import { Problem } from '../problem.ts';
import {
  type Clock,
  type CompareClocks,
  createQueue,
  type Queue,
  type RateLimit,
  type Waiter,
} from '../system.ts';

/** A limit of one action for which all instances count together. */
export interface SharedLimit extends RateLimit {
  /** Says that this number of calls follows soon, so that they are leased while their caller does something else. */
  readonly expect: (count: number) => void;
  /** Says that VOD has refused a call because there were too many, so that all instances make fewer. */
  readonly slowDown: () => void;
}

/** Dependencies of a limit. */
interface LimitDependencies {
  readonly lease: LeaseCalls;
  readonly clock: Pick<Clock, 'monotonic' | 'now' | 'sleep'>;
  readonly convert: CompareClocks;
}

/** A limit at work; times are those of the monotonic clock. */
interface Limit {
  readonly rates: LimitRates;
  readonly dependencies: LimitDependencies;
  readonly queue: Queue;
  readonly spare: SpareCalls;
  /** Moments of leased calls, in their order. */
  moments: number[];
  /** Calls that follow soon. */
  expected: number;
  /** No call is free before. */
  busyUntil: number;
  /** Whether the database is to be told that VOD refused a call. */
  isRefused: boolean;
  leasing: Promise<void> | undefined;
}

/** Creates the limit of one action. Its callers have their turns in the order in which they came. */
export function createSharedLimit(rates: LimitRates, dependencies: LimitDependencies): SharedLimit {
  const { clock } = dependencies;
  const queue = createQueue((waiting) => serve(limit, waiting));
  const limit: Limit = {
    ...{ rates, dependencies, queue, spare: createSpareCalls(clock) },
    ...{ moments: [], expected: 0, busyUntil: Number.NEGATIVE_INFINITY },
    ...{ isRefused: false, leasing: undefined },
  };
  return {
    tryTurn: () => tryTurn(limit),
    takeTurn: (signal, longest) => takeTurn(limit, signal, longest),
    expect(count) {
      dropLate(limit);
      limit.expected = count;
      if (countMissing(limit) > 0) leaseAhead(limit);
    },
    slowDown() {
      limit.moments = [];
      limit.spare.drop();
      limit.isRefused = true;
      leaseAhead(limit);
    },
  };
}

function tryTurn(limit: Limit): boolean {
  if (limit.queue.waiting.size > 0) return false;
  dropLate(limit);
  const [moment] = limit.moments;
  if (moment !== undefined) {
    if (moment > limit.dependencies.clock.monotonic()) return false;
    limit.moments.shift();
    return true;
  }
  if (!limit.spare.take()) return false;
  if (!limit.spare.isHeld()) leaseAhead(limit);
  return true;
}

async function takeTurn(limit: Limit, signal?: AbortSignal, longest = Number.POSITIVE_INFINITY) {
  signal?.throwIfAborted();
  const now = limit.dependencies.clock.monotonic();
  const until = now + Math.min(longest, limit.rates.patience);
  if (until < limit.busyUntil) throw refuse(limit.busyUntil - now);
  if (!tryTurn(limit)) await limit.queue.wait(signal, until);
}

/** Lets each caller in at the moment of the next leased call. */
async function serve(limit: Limit, waiting: ReadonlySet<Waiter>): Promise<void> {
  const { monotonic, sleep } = limit.dependencies.clock;
  for (let [first] = waiting; first !== undefined; [first] = waiting) {
    dropLate(limit);
    const [moment] = limit.moments;
    if (moment === undefined) {
      if (monotonic() < limit.busyUntil) await waitUntilFree(limit);
      else await lease(limit);
      continue;
    }
    // The next ones are leased while this one's moment is awaited.
    if (countMissing(limit) > 0 && monotonic() >= limit.busyUntil) leaseAhead(limit);
    const wait = moment - monotonic();
    if (wait > 0) {
      await sleep(wait);
      continue;
    }
    limit.moments.shift();
    first.enter();
  }
}

/** Refuses those who cannot wait until calls are free, and waits for the others. */
async function waitUntilFree(limit: Limit): Promise<void> {
  const { monotonic, sleep } = limit.dependencies.clock;
  const { waiting } = limit.queue;
  const milliseconds = limit.busyUntil - monotonic();
  for (const waiter of waiting) {
    if (waiter.until < limit.busyUntil) waiter.refuse(refuse(milliseconds));
  }
  if (waiting.size > 0) await sleep(Math.max(1, milliseconds));
}

/** Leases what is missing; one lease at a time. */
function lease(limit: Limit): Promise<void> {
  limit.leasing ??= leaseNow(limit).finally(() => {
    limit.leasing = undefined;
    if (limit.isRefused) leaseAhead(limit);
  });
  return limit.leasing;
}

/** The same in the meantime. If it fails, so does the next caller's own lease, unless the database has recovered. */
function leaseAhead(limit: Limit): void {
  lease(limit).catch(() => undefined);
}

async function leaseNow(limit: Limit): Promise<void> {
  const { rates, dependencies, spare, isRefused: refused } = limit;
  const { monotonic } = dependencies.clock;
  const { action, perSecond, backgroundPerSecond, mostSpare } = rates;
  const missing = Math.max(0, countMissing(limit));
  const calls = refused ? 0 : Math.min(missing, rates.mostAtOnce);
  const spares = refused ? 0 : Math.min(spare.wanted(), mostSpare);
  limit.expected = 0;
  limit.isRefused = false;
  const sentAt = monotonic();
  const waits = Array.from(limit.queue.waiting, ({ until }) => until - sentAt);
  const longest = waits.length === 0 ? rates.patience : Math.max(0, ...waits);
  const leased = await dependencies.lease({
    ...{ action, calls, longest, perSecond, backgroundPerSecond },
    ...{ spares, mostSpare, made: spare.report(), refused },
  });
  if (spares > 0) spare.hold(sentAt, leased);
  const receivedAt = monotonic();
  const offset = dependencies.convert({ sentAt, receivedAt, at: leased.at });
  if (leased.count > 0) limit.moments.push(...listMoments(leased, offset, receivedAt, rates.late));
  else if (calls > 0 || refused) limit.busyUntil = leased.startsAt + offset;
}

/** If the database always answers slowly, all moments are past, and no call would ever be made: one is made anyway. */
function listMoments(
  { count, startsAt, spacing }: LeasedCalls,
  offset: number,
  now: number,
  late: number,
): readonly number[] {
  const moments = Array.from({ length: count }, (_, i) => startsAt + offset + i * spacing);
  return moments.every((moment) => moment + late < now) ? [now] : moments;
}

function dropLate(limit: Limit): void {
  const now = limit.dependencies.clock.monotonic();
  limit.moments = limit.moments.filter((moment) => moment + limit.rates.late >= now);
}

function countMissing({ queue, expected, moments }: Limit): number {
  return Math.max(queue.waiting.size, expected) - moments.length;
}

/** Returns the problem of a call that was not made, since none is free before its caller's time ends. */
function refuse(milliseconds: number): Problem {
  const seconds = Math.max(1, Math.ceil(milliseconds / 1_000));
  return new Problem(
    'The calls of VOD that this service may make at present are used up: nothing was sent, so send it again.',
    { code: 'upstream_busy', headers: { 'Retry-After': String(seconds) } },
  );
}

/** How long a spare call can be made. It is counted for at least as long from when the database leased it. */
const SPARE_MILLISECONDS = 14_500;

/** An instance that makes all of its spare calls within this leases twice as many the next time, up to the number. */
const BUSY_MILLISECONDS = 1_000;
const MAX_HELD = 4;

/** Calls that can be made at any time for some seconds. */
interface SpareCalls {
  readonly isHeld: () => boolean;
  /** Returns how many to lease: none while there are any. */
  readonly wanted: () => number;
  /** Returns whether there was one, which is then made. */
  readonly take: () => boolean;
  /** @param leasedAt not later than the lease, on the monotonic clock. */
  readonly hold: (leasedAt: number, leased: Pick<LeasedCalls, 'spares' | 'period'>) => void;
  readonly drop: () => void;
  /** Returns what the budget was not told yet, once. */
  readonly report: () => LeaseRequest['made'];
}

/** Creates the place of an instance for spare calls, which is empty. */
function createSpareCalls({ monotonic, now }: Pick<Clock, 'monotonic' | 'now'>): SpareCalls {
  // The monotonic clock may stand still while an instance is frozen, and the other one may be set back.
  let held = { count: 0, of: 0, since: 0, untilTime: 0 };
  let made = { count: 0, period: 0 };
  const age = () => monotonic() - held.since;
  const isHeld = () => held.count > 0 && age() < SPARE_MILLISECONDS && now() < held.untilTime;
  return {
    isHeld,
    wanted() {
      if (isHeld()) return 0;
      return held.of > 0 && age() < BUSY_MILLISECONDS ? Math.min(2 * held.of, MAX_HELD) : 1;
    },
    take() {
      if (!isHeld()) return false;
      held.count -= 1;
      made.count += 1;
      return true;
    },
    hold(since, { spares, period }) {
      const untilTime = now() + since + SPARE_MILLISECONDS - monotonic();
      held = { count: spares, of: spares, since, untilTime };
      if (spares > 0) made = { count: 0, period };
    },
    drop() {
      held.count = 0;
    },
    report() {
      const reported = made;
      made = { ...made, count: 0 };
      return reported;
    },
  };
}
