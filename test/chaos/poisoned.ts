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

/** Something that cannot be processed because of the item itself. */
export interface Poisoned extends Course {
  readonly fileId: string;
  /** Whether it is found without a notification. */
  readonly isFound: boolean;
  /** Returns the name of its dead item: `file` for an entry of VOD's list. */
  readonly name: () => ItemName;
}

/** The number of a poisoned item, and its application. */
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

/** Returns `count` of them; each kind occurs if there are at least `KINDS.length`. */
export function planPoisoned(count: number, world: World, chance: Chance): readonly Poisoned[] {
  return Array.from({ length: count }, (_, index) => {
    const subAppId = APPLICATIONS[chance.below(APPLICATIONS.length)] ?? OWN;
    const application = world.get(subAppId);
    if (application === undefined) throw new RangeError('The world has no such application.');
    const plan = KINDS[index < KINDS.length ? index : chance.below(KINDS.length)] ?? planUnlisted;
    return plan({ index, subAppId, application });
  });
}

/** A media that the database refuses, because of its id or its name. */
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

/** A notification that the database refuses, and whose fact cannot be found again. */
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

/** An entry of VOD's list that VOD cannot be asked about; no notification describes it. */
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

/** A media that arrives like any other, but VOD refuses every modification of it. */
function planUnmodifiable(place: Place): Poisoned {
  const { index, application } = place;
  const fileId = nameFile(index);
  application.unmodifiable.add(fileId);
  const name = (): ItemName => ({ kind: 'action', id: writePair('modify', fileId) });
  return { ...planArrival(fileId, 'unmodifiable', place), name };
}

/**
 * A media that arrives like any other; after some hours, VOD refuses questions about it: see {@link closeUnaskable}.
 */
function planUnaskable(place: Place): Poisoned {
  const fileId = nameFile(place.index);
  const { subAppId } = place;
  const id = deriveFileUploadId(fileId, subAppId === OWN ? undefined : subAppId);
  const name = (): ItemName => ({ kind: 'upload', id });
  return { ...planArrival(fileId, UNASKABLE, place), name };
}

const UNASKABLE = 'unaskable';

/** From now on VOD refuses questions about some files, and thereby about all files in the same question. */
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
