/** Calls of one of VOD's actions that an instance asks for, from the budget that all instances share. */
export interface LeaseRequest {
  /** Name of the action, as VOD has it. */
  readonly action: string;
  readonly calls: number;
  /** Longest wait for the last of them, in milliseconds. */
  readonly longest: number;
  /** Calls that all instances together may make in a second. */
  readonly perSecond: number;
  /** The part of that for all background work; missing if callers wait for the calls. */
  readonly backgroundPerSecond?: number | undefined;
  /** Spare calls to lease, which can be made at any time within 15 seconds; only if nothing waits. */
  readonly spares: number;
  /** Most spare calls of all instances together. */
  readonly mostSpare: number;
  /** Spare calls that were made since the last request, and the period in which they were leased. */
  readonly made: { readonly count: number; readonly period: number };
  /** Set if VOD has just refused a call because there were too many. */
  readonly refused?: boolean;
}

/** What one action may use; see the request of a lease. */
export interface LimitRates {
  readonly action: string;
  readonly perSecond: number;
  readonly backgroundPerSecond: number | undefined;
  readonly mostSpare: number;
  /** Most calls of one lease. */
  readonly mostAtOnce: number;
  /** Longest time after its moment at which a call is made, in milliseconds. */
  readonly late: number;
  /** Longest wait of a call for its moment, in milliseconds. */
  readonly patience: number;
}

/** Calls that an instance may make; times are in milliseconds of the database's clock. */
export interface LeasedCalls {
  readonly count: number;
  /** Moment of the first call; if there is none, the next one that is free. */
  readonly startsAt: number;
  /** Time from each call to the next. */
  readonly spacing: number;
  readonly spares: number;
  /** Of the spare calls. */
  readonly period: number;
  /** The time at which the database answered. */
  readonly at: number;
}

/** Leases calls; one statement, which may be repeated. */
export type LeaseCalls = (request: LeaseRequest) => Promise<LeasedCalls>;
