import { hash } from 'node:crypto';
import { type ItemName, writePair } from '../../lib/model/item-name.ts';
import { deriveFileUploadId } from '../../lib/model/upload-id.ts';
import { formatIsoTime } from '../../lib/validation/iso-time.ts';
import { parseVodEvent } from '../../lib/vod/event.ts';
import { canonicalJson, identifyEvent } from '../../lib/vod/event-id.ts';
import { createSample, POISONS } from '../lib/sweep/poisons.ts';
import type { Chance } from '../support/chance.ts';
import {
  APPLICATIONS,
  type Application,
  type Course,
  OWN,
  tellNewFile,
  type World,
  type WorldMedia,
} from './world.ts';

/** Something that cannot be processed, for a reason of its own. */
export interface Poisoned extends Course {
  readonly fileId: string;
  /** Whether it is found where no notification describes it. */
  readonly isFound: boolean;
  /** Returns what is set aside of it: `file` by what VOD lists. */
  readonly name: () => ItemName;
}

/** Where one is. */
interface Place {
  readonly index: number;
  readonly subAppId: number;
  readonly application: Application;
}

const KINDS = [
  ...Object.keys(POISONS).map((flaw) => (place: Place) => planUnrecordable(flaw, place)),
  planRefusedEvent,
  planUnlisted,
  planUnmodifiable,
  planUnaskable,
];

/** Returns `count` of them, of any kind, `KINDS.length` at least being one of each. */
export function planPoisoned(count: number, world: World, chance: Chance): readonly Poisoned[] {
  return Array.from({ length: count }, (_, index) => {
    const subAppId = APPLICATIONS[chance.below(APPLICATIONS.length)] ?? OWN;
    const application = world.get(subAppId);
    if (application === undefined) throw new RangeError('The world has no such application.');
    const plan = KINDS[index < KINDS.length ? index : chance.below(KINDS.length)] ?? planUnlisted;
    return plan({ index, subAppId, application });
  });
}

/** A media that the database does not take, by its id or its name. */
function planUnrecordable(flaw: string, place: Place): Poisoned {
  const { fileId, media } = createSample(place.index, flaw);
  return {
    ...planArrival(fileId, Object(media).BasicInfo.Name, place),
    ...nameArrival(fileId, place),
  };
}

function nameArrival(fileId: string, place: Place): Pick<Poisoned, 'name'> {
  const arrival = { EventType: 'NewFileUpload', FileUploadEvent: { FileId: fileId } };
  return { name: () => nameEvent(arrival, place) };
}

function nameEvent(event: Readonly<Record<string, unknown>>, { subAppId }: Place): ItemName {
  const other = subAppId === OWN ? undefined : subAppId;
  return { kind: 'event', id: identifyEvent(parseVodEvent(event), other) };
}

/** A notification that the database does not take, and that nobody finds again. */
function planRefusedEvent(place: Place): Poisoned {
  const { index, subAppId } = place;
  const event = {
    EventType: 'Tomorrow',
    TomorrowEvent: { TaskId: `poison-${index}`, Note: 'refused 22P05' },
  };
  return {
    ...{
      subAppId,
      fileId: `poison-${index}`,
      steps: [() => [event]],
      staysHome: true,
      isFound: false,
    },
    name: () => nameEvent(event, place),
  };
}

/** An entry of VOD's list that no one can be asked about; no notification describes it. */
function planUnlisted(place: Place): Poisoned {
  const { index, subAppId, application } = place;
  const fileId = `half\0${index}`;
  const appear = () => {
    application.media.set(fileId, describeMedia(fileId, 'unlisted'));
    return [];
  };
  const name = (): ItemName => {
    const content = canonicalJson(application.media.get(fileId));
    return { kind: 'file', id: `sha256:${hash('sha256', content)}` };
  };
  return { subAppId, fileId, steps: [appear], staysHome: true, isFound: true, name };
}

/** A media that comes as any other, and that VOD lets nobody modify. */
function planUnmodifiable(place: Place): Poisoned {
  const { index, application } = place;
  const fileId = nameFile(index);
  application.unmodifiable.add(fileId);
  const name = (): ItemName => ({ kind: 'action', id: writePair('modify', fileId) });
  return { ...planArrival(fileId, 'unmodifiable', place), name };
}

/** A media that comes as any other, and about which VOD lets nobody ask after some hours: see {@link closeUnaskable}. */
function planUnaskable(place: Place): Poisoned {
  const fileId = nameFile(place.index);
  const name = (): ItemName => ({ kind: 'upload', id: deriveFileUploadId(fileId) });
  return { ...planArrival(fileId, UNASKABLE, place), name };
}

const UNASKABLE = 'unaskable';

/** From now on VOD refuses to be asked about some files, and about all others that are in the same question. */
export function closeUnaskable(world: World): void {
  for (const { media, unaskable } of world.values()) {
    for (const { FileId, BasicInfo } of media.values()) {
      if (BasicInfo['Name'] === UNASKABLE) unaskable.add(FileId);
    }
  }
}

function planArrival(
  fileId: string,
  name: string,
  { subAppId, application }: Place,
): Omit<Poisoned, 'name'> {
  const arrive = () => {
    const media = describeMedia(fileId, name);
    application.media.set(fileId, media);
    return [tellNewFile(media, '')];
  };
  return { subAppId, fileId, steps: [arrive], staysHome: false, isFound: true };
}

function nameFile(index: number): string {
  return `52858908${String(index).padStart(8, '0')}001`;
}

function describeMedia(fileId: string, name: string): WorldMedia {
  const now = formatIsoTime(Math.floor(Date.now() / 1_000));
  return {
    FileId: fileId,
    BasicInfo: {
      ...{ Name: name, CreateTime: now, UpdateTime: now, ExpireTime: '9999-12-31T23:59:59Z' },
      ...{ ClassId: 0, Type: 'mp4', TagSet: [], Category: 'Video', Status: 'Normal' },
      MediaUrl: 'http://example.vod2.myqcloud.com/f0.mp4',
      SourceInfo: { SourceType: 'Upload', SourceContext: '' },
    },
    MetaData: { Size: 10_556, Container: 'mov,mp4', Duration: 60.5 },
  };
}
