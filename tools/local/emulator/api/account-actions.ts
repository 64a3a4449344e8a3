import * as v from 'valibot';
import type { Account } from '../account.ts';
import { defineAction } from './define-action.ts';
import { application, givenText, integer } from './parameters.ts';

/** Regions with their names, as https://cloud.tencent.com/document/product/266/9760 lists them; the account has enabled some. */
const MAINLAND = {
  'ap-beijing': 'Beijing',
  'ap-shanghai': 'Shanghai',
  'ap-guangzhou': 'Guangzhou',
  'ap-nanjing': 'Nanjing',
  'ap-chengdu': 'Chengdu',
  'ap-chongqing': 'Chongqing',
};
const ELSEWHERE = {
  'ap-hongkong': 'Hong Kong',
  'ap-taipei': 'Taipei',
  'ap-singapore': 'Singapore',
  'ap-jakarta': 'Jakarta',
  'ap-bangkok': 'Bangkok',
  'ap-seoul': 'Seoul',
  'ap-tokyo': 'Tokyo',
  'na-siliconvalley': 'Silicon Valley',
  'na-ashburn': 'Virginia',
  'sa-saopaulo': 'São Paulo',
  'eu-frankfurt': 'Frankfurt',
};
const MAX_APPLICATIONS = 200;

/** https://cloud.tencent.com/document/product/266/72480 */
export const describeStorageRegions = defineAction({
  entries: application,
  perform({ account }) {
    const { regions } = account;
    const names = new Map(Object.entries({ ...MAINLAND, ...ELSEWHERE }));
    const all = new Set([...regions, ...names.keys()]);
    return {
      StorageRegionInfos: [...all].map((region) => ({
        Region: region,
        Description: names.get(region) ?? region,
        Status: regions.includes(region) ? 'opened' : 'unopened',
        IsDefault: region === regions[0],
        Area: Object.hasOwn(MAINLAND, region) ? 'Chinese Mainland' : 'Outside Chinese Mainland',
      })),
    };
  },
});

/** https://cloud.tencent.com/document/product/266/36304; the account's own application first. */
export const describeSubAppIds = defineAction({
  entries: {
    Name: v.optional(v.string()),
    Tags: v.optional(v.array(v.unknown()), []),
    Offset: v.optional(v.pipe(integer, v.minValue(0)), 0),
    Limit: v.optional(v.pipe(integer, v.minValue(1), v.maxValue(MAX_APPLICATIONS)), 200),
  },
  perform({ account }, { Name, Tags, Offset, Limit }) {
    const infos = [
      describeApplication(account, account.subAppId, 'local'),
      ...account.otherSubAppIds.map((id) => describeApplication(account, id, `local-${id}`)),
    ].filter((info) => (givenText(Name) ?? info.Name) === info.Name && Tags.length === 0);
    return {
      SubAppIdInfoSet: infos.slice(Offset, Offset + Limit),
      TotalCount: infos.length,
    };
  },
});

function describeApplication({ regions }: Account, subAppId: number, name: string) {
  return {
    SubAppId: subAppId,
    SubAppIdName: name,
    Name: name,
    Description: 'An application of the local emulator',
    CreateTime: '2024-01-01T00:00:00Z',
    Status: 'On',
    Mode: 'fileid',
    StorageRegions: regions,
    Tags: [],
  };
}
