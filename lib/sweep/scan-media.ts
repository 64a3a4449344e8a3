import { ingestProven } from '../ingest/ingest-proven.ts';
import { formatIsoTime, parseIsoMilliseconds } from '../validation/iso-time.ts';
import { isJsonObject } from '../validation/json-object.ts';
import { MEDIA_FILTERS } from '../vod/media.ts';
import { findArrivals } from './find-arrivals.ts';
import { putFileOff, selectListed } from './scanned-file.ts';
import type { StepCounts } from './step-counts.ts';
import { type ApplicationRun, hasTime } from './sweep-run.ts';

/** Counts of the scanned media. */
export const MEDIA_COUNTS = ['scanned', 'fresh', 'skipped', 'setAside'] as const;

type MediaCounts = StepCounts<(typeof MEDIA_COUNTS)[number]>;

/**
 * Returns the name of an application's watermark and lease for the scan. That of the service's own application does not
 * change when its number is configured or corrected.
 */
function nameScan(
  subAppId: number | undefined,
  { applications: [own] }: Pick<ApplicationRun, 'applications'>,
): string {
  return subAppId === own ? 'media-scan' : `media-scan ${subAppId}`;
}

/** Longer than one page takes. */
const LEASE_SECONDS = 60;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Media that have just arrived are left to their notification, which reports more. */
const SETTLE_MILLISECONDS = MINUTE;

/** A search may find new media late, so each scan begins this long before the end of the last one. */
const OVERLAP_MILLISECONDS = 10 * MINUTE;

/** How far back the very first scan begins, so that it finds media that arrived while the service was being set up. */
const FIRST_MILLISECONDS = 24 * 60 * MINUTE;

/** Size of a page, and the largest offset in a search: https://cloud.tencent.com/document/product/266/31813. */
const PAGE_SIZE = 100;
const FURTHEST = 5_000;

/** Returns the Unix milliseconds before which all media of an application are known; undefined if there was no scan. */
export async function readScannedUntil(
  subAppId: number | undefined,
  run: Pick<ApplicationRun, 'ledger' | 'applications'>,
): Promise<number | undefined> {
  const mark = await run.ledger.readWatermark(nameScan(subAppId, run));
  return mark === undefined ? undefined : mark - OVERLAP_MILLISECONDS;
}

/**
 * Records the media of an application that have no event: those whose notification was lost, and those from the console
 * or a live recording if notifications are off. It continues where the last scan ended.
 */
export async function scanMedia(run: ApplicationRun, counts: MediaCounts): Promise<void> {
  const { ledger, subAppId, clock, looksNow } = run;
  const scan = nameScan(subAppId, run);
  if (!(await ledger.acquireLease(scan, LEASE_SECONDS))) return;
  try {
    // VOD's times are in seconds, and the current second is not over.
    const before = toSecond(clock.now() + (looksNow ? SECOND : -SETTLE_MILLISECONDS));
    const mark = await ledger.readWatermark(scan);
    const after = mark === undefined ? before - FIRST_MILLISECONDS : mark - OVERLAP_MILLISECONDS;
    await scanRange({ after: toSecond(after), before }, run, counts);
  } finally {
    await ledger.releaseLease(scan);
  }
}

/** Times in Unix milliseconds. */
interface Range {
  readonly after: number;
  readonly before: number;
}

/**
 * Each page begins with the second of the last media file of the previous one, so that no search exceeds VOD's largest
 * offset, and a file that is deleted in the meantime does not move another one to a page that was already read. For the
 * same reason a second with several pages is read until there is nothing new in it.
 */
async function scanRange(
  { after, before }: Range,
  run: ApplicationRun,
  counts: MediaCounts,
): Promise<void> {
  const { ledger } = run;
  const scan = nameScan(run.subAppId, run);
  let place: Place = { from: after, offset: 0, fresh: 0 };
  while (hasTime(run)) {
    const page = await searchPage(place, before, run);
    counts.add('scanned', page.media.length);
    if (page.media.length === 0 && page.hasMore) return reportUnlisted(page, run);
    const media = await selectListed(page.media, run, counts);
    const arrivals = await findArrivals(media, run);
    if (arrivals === undefined) return;
    for (const { media: one, error } of arrivals.failures) {
      await putFileOff(one, error, run, counts);
    }
    const fresh = await ingestProven(arrivals.events, run, counts);
    const next = followPage({ ...place, fresh: place.fresh + fresh }, page, before);
    if (next === undefined) return ledger.advanceWatermark(scan, before);

    place = next.offset + PAGE_SIZE > FURTHEST ? skipSecond(next, run, counts) : next;
    await ledger.advanceWatermark(scan, place.from);
    await ledger.acquireLease(scan, LEASE_SECONDS);
  }
}

/** Start of a page: the media created from `from`, in Unix milliseconds, without the first `offset` of them. */
interface Place {
  readonly from: number;
  readonly offset: number;
  /** How many of the skipped ones were new. */
  readonly fresh: number;
}

/** Media that VOD lists: of a search, or of some of its parts if others do not answer in time. */
interface Page {
  readonly media: readonly unknown[];
  /** How many it counts and has not listed so far. */
  readonly unlisted: number;
  readonly hasMore: boolean;
}

async function searchPage(
  { from, offset }: Place,
  before: number,
  { api, subAppId, deadline }: ApplicationRun,
): Promise<Page> {
  const request = {
    CreateTime: { After: formatSecond(from), Before: formatSecond(before) },
    Sort: { Field: 'CreateTime', Order: 'Asc' },
    Filters: [...MEDIA_FILTERS],
    Offset: offset,
    Limit: PAGE_SIZE,
  };
  const answer = await api.searchMedia(request, { deadline, subAppId });
  const media = answer.MediaInfoSet ?? [];
  // It counts no more than it lists at any offset, so a full page may have others after it in any case.
  const unlisted = (answer.TotalCount ?? 0) - offset - media.length;
  return { media, unlisted, hasMore: media.length === PAGE_SIZE || unlisted > 0 };
}

/** The watermark stays where it is, so the next sweep searches again. */
function reportUnlisted({ unlisted }: Page, { report }: ApplicationRun): void {
  const reason = `VOD counts ${unlisted} media files that it does not list: the next sweep looks for them again.`;
  report({ level: 'warn', reason });
}

/** Returns the start of the next page; undefined if there is none. */
function followPage(
  { from, offset, fresh }: Place,
  { media, hasMore }: Page,
  before: number,
): Place | undefined {
  // Times outside the searched range are ignored: one in the future would make the scan skip everything before it.
  const times = media.map(readCreateTime).filter((time) => time < before);
  const last = Math.max(from, ...times);
  if (hasMore && last === from) return { from, offset: offset + media.length, fresh };
  if (offset > 0 && fresh > 0) return { from, offset: 0, fresh: 0 };
  return hasMore ? { from: last, offset: 0, fresh: 0 } : undefined;
}

/** Returns Unix milliseconds; NaN if there is no valid time. */
function readCreateTime(media: unknown): number {
  const basic = isJsonObject(media) ? media['BasicInfo'] : undefined;
  const text = isJsonObject(basic) ? basic['CreateTime'] : undefined;
  return parseIsoMilliseconds(text) ?? Number.NaN;
}

/** A search cannot return all media of a second with too many, so the scan continues with the next second. */
function skipSecond({ from }: Place, { report }: ApplicationRun, counts: MediaCounts): Place {
  counts.add('skipped');
  const reason = `More than ${FURTHEST} media files were made at ${formatSecond(from)}: the scan does not find those beyond.`;
  report({ level: 'warn', reason });
  return { from: from + SECOND, offset: 0, fresh: 0 };
}

function toSecond(milliseconds: number): number {
  return Math.floor(milliseconds / SECOND) * SECOND;
}

function formatSecond(milliseconds: number): string {
  return formatIsoTime(milliseconds / SECOND);
}
