import open from 'postgres';
import type { VodApi } from '../../../lib/vod/client.ts';
import type { RawEvent } from '../../../lib/vod/event.ts';

/** Descriptions of media that careless code fails on but that can be recorded. */
export const ODDITIES: Readonly<Record<string, object>> = {
  'an expiry in the year 0': { BasicInfo: { ExpireTime: '0000-01-01T00:00:00Z' } },
  'an expiry before the year 0': { BasicInfo: { ExpireTime: '0000-01-01T00:00:00+14:00' } },
  'an expiry in the year 275760': { BasicInfo: { ExpireTime: '+275760-09-13T00:00:00Z' } },
  'a time that is none': { BasicInfo: { CreateTime: 'yesterday', ExpireTime: 7 } },
  'a creation in the future': { BasicInfo: { CreateTime: '9999-01-01T00:00:00Z' } },
  'a NUL in its name': { BasicInfo: { Name: 'a\0b', MediaUrl: '\0' } },
  'half of a surrogate pair': { BasicInfo: { Name: '\ud800', '\udc00': 1 } },
  'a class beyond every number': { BasicInfo: { ClassId: 1e300 } },
  'a size beyond bigint': { MetaData: { Size: 1e300, Duration: 1e308 } },
  'a context that is no text': { BasicInfo: { SourceInfo: { SourceContext: { x: 1e13 } } } },
  'a context with a time beyond all': {
    BasicInfo: {
      SourceInfo: {
        SourceContext: '{"vu":1,"i":"01J00000000000000000000000","o":"o","m":"c","x":1e13}',
      },
    },
  },
  'lists for objects': { BasicInfo: [], MetaData: [[]] },
  'numbers for texts': { BasicInfo: { Name: 1, MediaUrl: 2, SourceInfo: 3 }, MetaData: 4 },
};

/** Media that can never be recorded, because of their description or their id. */
export const POISONS: Readonly<Record<string, { readonly id?: string; readonly info?: object }>> = {
  'an id that no index takes': {
    id: Array.from({ length: 400 }, (_, i) => (i * 7919 + 104_729) ** 2).join(''),
  },
  'a name that the database refuses as a value': { info: { BasicInfo: { Name: 'refused 22003' } } },
  'a name that the database refuses by a constraint': {
    info: { BasicInfo: { Name: 'refused 23514' } },
  },
};

/** More levels than the stack of JSON.stringify or jsonb allows. */
export function nest(levels = 20_000): unknown {
  let deep: unknown = 1;
  for (let level = 0; level < levels; level += 1) deep = [deep];
  return deep;
}

/** One item of a batch: its id, and whether it can be recorded. */
export interface Sample {
  readonly fileId: string;
  readonly isPoison: boolean;
  readonly media: object;
}

/** Returns media number `index`; without a flaw if `flaw` is not in the lists. */
export function createSample(index: number, flaw: string): Sample {
  const { id = '', info = ODDITIES[flaw] } = POISONS[flaw] ?? {};
  const fileId = `${5285485487985270000n + BigInt(index)}${id}`;
  const isPoison = Object.hasOwn(POISONS, flaw);
  const BasicInfo = { Name: `media ${index}`, CreateTime: '2026-01-31T08:00:00Z' };
  const told = Object(info) as { BasicInfo?: object };
  const basic = Array.isArray(told.BasicInfo)
    ? told.BasicInfo
    : { ...BasicInfo, ...told.BasicInfo };
  return { fileId, isPoison, media: { FileId: fileId, ...info, BasicInfo: basic } };
}

/** Returns its arrival as VOD reports it. */
export function describeArrival({ fileId, media }: Sample): RawEvent {
  const { BasicInfo: MediaBasicInfo, MetaData } = media as Record<string, unknown>;
  return {
    EventType: 'NewFileUpload',
    FileUploadEvent: { FileId: fileId, MediaBasicInfo, MetaData },
  };
}

/** Has the database refuse texts with an SQLSTATE such as `refused 22003`. */
export async function refuseByName(databaseUrl: string): Promise<void> {
  const sql = open(databaseUrl, { max: 1, onnotice: () => undefined });
  await sql.unsafe(`
    create function refuse() returns trigger language plpgsql as $$
    begin
      if new.payload::text ~ 'refused \\w{5}' then
        raise exception 'refused' using errcode = substring(new.payload::text from 'refused (\\w{5})');
      end if;
      return new;
    end $$;
    create trigger refuse before insert on events for each row execute function refuse();
  `);
  await sql.end();
}

/** Has it refuse nothing again. */
export async function allowAll(databaseUrl: string): Promise<void> {
  const sql = open(databaseUrl, { max: 1, onnotice: () => undefined });
  await sql.unsafe('drop trigger refuse on events');
  await sql.end();
}

/** Returns an API whose queue has these events: unconfirmed ones repeat at each pull, 16 at most. */
export function createQueue(api: VodApi, events: readonly RawEvent[]) {
  const waiting = new Map(events.map((event, index) => [`handle-${index}`, event]));
  const out = new Set<string>();
  const queued: VodApi = {
    ...api,
    pullEvents: async () => {
      const due = [...waiting].filter(([handle]) => !out.has(handle)).slice(0, 16);
      for (const [handle] of due) out.add(handle);
      return due.map(([EventHandle, event]) => ({ ...event, EventHandle })) as never;
    },
    confirmEvents: async ({ EventHandles }) => {
      for (const handle of EventHandles) waiting.delete(handle);
      return {};
    },
  };
  return { api: queued, waiting, comeAgain: () => out.clear() };
}
