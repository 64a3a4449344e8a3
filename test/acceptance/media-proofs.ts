import { expect } from 'vitest';
import { buildPicture } from '../../tools/local/emulator/pull/sample-media.ts';
import { fetchSha256, sha256 } from '../support/digest.ts';
import { OWN, OWN_COVER, uploadAsServer } from './bring.ts';
import { own, plain, RULE_OF } from './checks.ts';
import type { Proofs } from './proofs.ts';
import type { Arrived, Scene } from './scene.ts';

const FOR_EVER = '9999-12-31T23:59:59Z';
const SAMPLE_COVER = buildPicture(64, 48);

const hasMethod = (method: string) => plain(({ upload }) => expect(upload.method).toBe(method));
const hasEvent = (name: string) => plain(({ eventType }) => expect(eventType).toBe(name));
const isIn = (choose: (account: Scene['stack']['account']) => string) =>
  plain(({ basic, event }, _way, { stack }) => {
    const region = choose(stack.account);
    expect([basic.StorageRegion, event.MediaBasicInfo?.StorageRegion]).toEqual([region, region]);
  });
const isInOwnRegion = own(({ basic }) => expect(basic.StorageRegion).toBe(OWN.region));

/** Proofs of the table about places. */
export const PLACE_PROOFS: Proofs = {
  'its `method` here': {
    '`console`': hasMethod('console'),
    '`client`': hasMethod('client'),
    '`pull`': hasMethod('pull'),
    '`live`': hasMethod('live'),
    '`other`': async (scene) => {
      const fileId = await uploadAsServer(scene, { SourceContext: 'from a server' });
      expect((await scene.settle(fileId)).upload.method).toBe('other');
    },
    'or `console` (1)': hasMethod('console'),
  },
  "VOD's event": {
    '`NewFileUpload`': hasEvent('NewFileUpload'),
    '`PullComplete`': hasEvent('PullComplete'),
  },
  'region that VOD chooses': {
    nearest: isIn(({ nearestRegion }) => nearestRegion),
    default: isIn(({ regions }) => regions[0]),
  },
  'region of your choice': {
    'SDK `StorageRegion`': isInOwnRegion,
    '`storageRegion`': isInOwnRegion,
  },
};

const isNamed = (name: string) => plain(({ basic }) => expect(basic.Name).toBe(name));
const hasOwnName = own(({ basic }) => expect(basic.Name).toBe(OWN.name));
const isMp4 = plain(({ basic }) => expect(basic.Type).toBe('mp4'));
const isOwnType = own(({ basic }) => expect(basic.Type).toBe('mov'));

async function showsCover({ basic }: Arrived, cover: Buffer): Promise<void> {
  expect(await fetchSha256(basic.CoverUrl ?? '')).toBe(sha256(cover));
}

const bringsCover = (cover: Buffer) =>
  own(async (arrived) => {
    expect(arrived.event.MediaBasicInfo?.CoverUrl).toBe(arrived.basic.CoverUrl);
    await showsCover(arrived, cover);
  });

const expiresByRule = plain(({ basic, event, upload, rules }, way) => {
  const rule = RULE_OF[way];
  const end =
    'expireTime' in rule
      ? Date.parse(rule.expireTime)
      : Date.parse(basic.CreateTime ?? '') + rule.expireAfter * 1_000;
  expect(event.MediaBasicInfo?.ExpireTime).toBe(FOR_EVER);
  expect(Date.parse(basic.ExpireTime ?? '')).toBe(end);
  expect(Date.parse(upload.mediaExpireTime ?? '')).toBe(end);
  expect(rules).toContain(rule.rule);
});

const expiresByRequest = own(({ basic, event }) => {
  expect(event.MediaBasicInfo?.ExpireTime).toBe(OWN.expireTime);
  expect(basic.ExpireTime).toBe(OWN.expireTime);
});

const hasOwnClass = own(({ basic, event, upload }) => {
  expect(event.MediaBasicInfo?.ClassId).toBe(OWN.classId);
  expect([basic.ClassId, upload.classId]).toEqual([OWN.classId, OWN.classId]);
});

/** Proofs of the table about media. */
export const MEDIA_PROOFS: Proofs = {
  name: {
    "the file's": isNamed('film'),
    "the URL's": isNamed('video'),
    'SDK `MediaName`': hasOwnName,
    'SDK `mediaName`': hasOwnName,
    '`mediaName`': hasOwnName,
    "VOD's choice": plain(({ basic }) => expect(basic.Name).toMatch(/./)),
  },
  type: {
    "the file's": isMp4,
    "the URL's": isMp4,
    "or the URL's": isMp4,
    settings: isMp4,
    'SDK `MediaType`': isOwnType,
    '`mediaType`': isOwnType,
  },
  cover: {
    'rule `coverUrl`': plain(async (arrived, way) => {
      expect(arrived.event.MediaBasicInfo?.CoverUrl).toBe('');
      await showsCover(arrived, SAMPLE_COVER);
      expect(arrived.upload.coverUrl).toBe(arrived.basic.CoverUrl);
      expect(arrived.rules).toContain(RULE_OF[way].rule);
    }),
    'SDK `CoverFilePath`': bringsCover(OWN_COVER),
    'SDK `coverFile`': bringsCover(OWN_COVER),
    '`coverUrl`': bringsCover(SAMPLE_COVER),
  },
  expiry: {
    'rule `expireAfter` or `expireTime`': expiresByRule,
    // VOD's signature has no such parameter, so it is set once the media exists.
    '`mediaExpireTime`': own(({ basic, event, upload }) => {
      expect(event.MediaBasicInfo?.ExpireTime).toBe(FOR_EVER);
      expect(basic.ExpireTime).toBe(OWN.expireTime);
      expect(Date.parse(upload.mediaExpireTime ?? '')).toBe(Date.parse(OWN.expireTime));
    }),
    'SDK `ExpireTime`': expiresByRequest,
    '`expireTime`': expiresByRequest,
    settings: own(({ basic, event }) => {
      const { CreateTime = '', ExpireTime = '' } = basic;
      expect(Date.parse(ExpireTime) - Date.parse(CreateTime)).toBe(OWN.keepSeconds * 1_000);
      expect(event.MediaBasicInfo?.ExpireTime).toBe(ExpireTime);
    }),
  },
  category: {
    'rule `classId`': plain(({ basic, event, upload }, way) => {
      const { classId } = RULE_OF[way];
      expect(event.MediaBasicInfo?.ClassId).toBe(0);
      expect([basic.ClassId, upload.classId]).toEqual([classId, classId]);
    }),
    page: hasOwnClass,
    'SDK `ClassId`': hasOwnClass,
    '`classId`': hasOwnClass,
  },
  tags: {
    'rule `tags`': plain(({ basic, rules }) => {
      expect(basic.TagSet).toEqual(['new']);
      expect(rules).toContain('all');
    }),
  },
};
