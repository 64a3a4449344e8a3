import { describe, expect, test } from 'vitest';
import { localAddress } from '../../../../../tools/local/page/shim/local-address.ts';

const ORIGIN = 'http://localhost:3000';

describe('localAddress()', () => {
  test.each([
    ['https://vod2.qcloud.com/v3/index.php?Action=A', 'vod2.qcloud.com/v3/index.php?Action=A'],
    ['https://vod2.dnsv1.com/v3/index.php', 'vod2.dnsv1.com/v3/index.php'],
    ['https://vodreport.qcloud.com/ugcupload_new', 'vodreport.qcloud.com/ugcupload_new'],
    ['http://b-1.cos.ap-seoul.myqcloud.com/k?uploads', 'b-1.cos.ap-seoul.myqcloud.com/k?uploads'],
    ['https://b-1.cos.ap-seoul.tencentcos.cn/a%20b', 'b-1.cos.ap-seoul.tencentcos.cn/a%20b'],
  ])('keeps host, path and query of %s', (url, rest) => {
    expect(localAddress(url, ORIGIN)).toBe(`${ORIGIN}/__vod/${rest}`);
  });

  test('adds the slash that an address without a path lacks', () => {
    expect(localAddress('https://vod2.qcloud.com', ORIGIN)).toBe(
      `${ORIGIN}/__vod/vod2.qcloud.com/`,
    );
    expect(localAddress('https://b-1.cos.ap-seoul.myqcloud.com?uploads', ORIGIN)).toBe(
      `${ORIGIN}/__vod/b-1.cos.ap-seoul.myqcloud.com/?uploads`,
    );
  });

  test.each([
    '/signature',
    'https://example.com/vod2.qcloud.com/',
    'https://vod2.qcloud.com.example.com/',
    'https://evil.example/?u=https://vod2.qcloud.com/',
    'blob:https://vod2.qcloud.com/1',
  ])('does not change %s', (url) => {
    expect(localAddress(url, ORIGIN)).toBe(url);
  });
});
