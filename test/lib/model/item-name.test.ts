import { expect, it } from 'vitest';
import { readPair, writePair } from '../../../lib/model/item-name.ts';

it.each([
  ['delivery-1', 'msg_1', 'delivery-1/msg_1'],
  ['file-1', 'a/b', 'file-1/a/b'],
  ['file-1', '', 'file-1/'],
  ['', 'b', '/b'],
])('joins and splits the pair of %j and %j', (first, second, id) => {
  expect(writePair(first, second)).toBe(id);
  expect(readPair(id)).toEqual([first, second]);
});

it('reads an id without a slash as its first part', () => {
  expect(readPair('delivery-1')).toEqual(['delivery-1', '']);
});
