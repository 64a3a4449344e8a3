import { expect, it } from 'vitest';
import { COMMANDS } from './commands.ts';

it('no two lines have the same name, by which their last figures are found', () => {
  const names = Object.values(COMMANDS).flatMap(({ list }) => list([]).map(({ name }) => name));

  expect(names.filter((name, place) => names.indexOf(name) !== place)).toEqual([]);
});
