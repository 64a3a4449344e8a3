import * as v from 'valibot';
import { defineAction } from './define-action.ts';
import { application, givenText, integer } from './parameters.ts';

/** Regions with their names, as https://cloud.tencent.com/document/product/266/9760 lists them; the account opens some. */
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
const MOST_APPLICATIONS = 200;

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

/** https://cloud.tencent.com/document/product/266/36304; the account has one application. */
export const describeSubAppIds = defineAction({
  entries: {
    Name: v.optional(v.string()),
    Tags: v.optional(v.array(v.unknown()), []),
    Offset: v.optional(v.pipe(integer, v.minValue(0)), 0),
    Limit: v.optional(v.pipe(integer, v.minValue(1), v.maxValue(MOST_APPLICATIONS)), 200),
  },
  perform({ account }, { Name, Tags, Offset, Limit }) {
    const name = 'local';
    const found = (givenText(Name) ?? name) === name && Tags.length === 0;
    const info = {
      SubAppId: account.subAppId,
      SubAppIdName: name,
      Name: name,
      Description: 'The application of the local stand-in',
      CreateTime: '2024-01-01T00:00:00Z',
      Status: 'On',
      Mode: 'fileid',
      StorageRegions: account.regions,
      Tags: [],
    };
    const infos = found ? [info] : [];
    return {
      SubAppIdInfoSet: infos.slice(Offset, Offset + Limit),
      TotalCount: infos.length,
    };
  },
});
