import { expect, it } from 'vitest';
import { findSqlMutants } from './find-sql-mutants.ts';

const BACKTICK = '`';

/** Returns the mutants of a statement, each without the rest of the source around it. */
function mutate(statement: string): readonly string[] {
  const [before, after] = [
    `const STATEMENT = ${BACKTICK}`,
    `${BACKTICK};\n// select 1 where a and b\n`,
  ];
  return findSqlMutants(`${before}${statement}${after}`).map(({ source }) =>
    source.slice(before.length, -after.length),
  );
}

it.each([
  ['delete from t where a = $1', ['delete from t where true']],
  [
    "delete from t where a = 'x and y' and b",
    [
      'delete from t where true and b',
      "delete from t where a = 'x and y' and true",
      "delete from t where a = 'x and y' or b",
    ],
  ],
  [
    'delete from t where (a or b) and c is null',
    [
      'delete from t where true and c is null',
      'delete from t where (a or false) and c is null',
      'delete from t where (a or b) and true',
      'delete from t where (a or b) or c is null',
      'delete from t where (a and b) and c is null',
      'delete from t where (a or b) and c is not null',
    ],
  ],
  [
    'select a from t where b <= $1 order by b, c desc limit $2 for update skip locked',
    [
      'select a from t where true order by b, c desc limit $2 for update skip locked',
      'select a from t where b <= $1 order by b desc, c desc limit $2 for update skip locked',
      'select a from t where b <= $1 order by b, c limit $2 for update skip locked',
      'select a from t where b < $1 order by b, c desc limit $2 for update skip locked',
      'select a from t where b <= $1 order by b, c desc limit $2',
      'select a from t where b <= $1 order by b, c desc limit $2 for update',
      'select a from t where b <= $1 order by b, c desc for update skip locked',
    ],
  ],
  [
    'update t set a = greatest(a, b), c = coalesce(c, d)',
    [
      'update t set c = coalesce(c, d)',
      'update t set a = greatest(a, b)',
      'update t set a = greatest(a, b), c = coalesce(d, c)',
      'update t set a = least(a, b), c = coalesce(c, d)',
    ],
  ],
  ['insert into t select 1 on conflict (a) do nothing', ['insert into t select 1']],
  [
    `with due as (\${write(\`select 1 where a\`)}) select 2`,
    [`with due as (\${write(\`select 1 where true\`)}) select 2`],
  ],
])('changes one place of %j at a time', (statement, mutants) => {
  expect(mutate(statement).toSorted()).toEqual(mutants.toSorted());
});

it('leaves texts alone that are no SQL', () => {
  expect(findSqlMutants("const TEXT = 'It is yours and mine, or nobody’s.';")).toEqual([]);
});
