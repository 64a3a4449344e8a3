import { describe, expect, test } from 'vitest';
import { readLines, shortenAddress } from '../../../../../tools/local/page/pull/pull-lines.ts';

describe('readLines()', () => {
  test('returns the lines that are not empty', () => {
    expect(readLines(' http://a.example.com/1.mp4 \r\n\n\thttp://a.example.com/2.mp4')).toEqual([
      'http://a.example.com/1.mp4',
      'http://a.example.com/2.mp4',
    ]);
  });
});

describe('shortenAddress()', () => {
  test.each([
    ['https://a.example.com/b/c.mp4', 'a.example.com', '/b/c.mp4'],
    ['https://a.example.com:8443/c.mp4?sign=secret', 'a.example.com:8443', '/c.mp4?…'],
    ['https://a.example.com/c.mp4#secret', 'a.example.com', '/c.mp4#…'],
    ['https://me:secret@a.example.com/c.mp4', '…@a.example.com', '/c.mp4'],
    ['ftp://a.example.com/c.mp4', 'ftp://a.example.com', '/c.mp4'],
    ['no address at all', 'no address at all', ''],
  ])('shows only host and path of %s', (url, host, path) => {
    expect(shortenAddress(url)).toEqual({ host, path });
  });
});
