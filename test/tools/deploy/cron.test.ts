import { describe, expect, it } from 'vitest';
import { explainCron } from '../../../tools/deploy/cron.ts';

describe('explainCron()', () => {
  it.each([
    '0 * * * * * *',
    '0 */5 * * * * *',
    '*/5 * * * * * *',
    '0 0 2 1 * * *',
    '0 15 10 * * MON-FRI *',
    '0 0 10,14,16 * * * *',
    '0 */30 9-17 * * * *',
    '0 0 12 * * wed *',
    '0 0 0 1 JAN,JUL * 2026-2030',
  ])('accepts %s', (expression) => {
    expect(explainCron(expression)).toBeUndefined();
  });

  it.each([
    ['* * * * *', 'must have 7 fields'],
    ['0 * * * * * * *', 'not 8'],
    ['', 'must have 7 fields'],
    ['60 * * * * * *', 'has "60" for its second'],
    ['0 60 * * * * *', 'for its minute, which is from 0 to 59'],
    ['0 0 24 * * * *', 'for its hour'],
    ['0 0 0 0 * * *', 'for its day'],
    ['0 0 0 * 13 * *', 'for its month'],
    ['0 0 0 * MON * *', 'for its month'],
    ['0 0 0 * * 7 *', 'for its weekday'],
    ['0 0 0 * * * 1969', 'for its year'],
    ['0 5-1 * * * * *', 'for its minute'],
    ['0 1-2-3 * * * * *', 'for its minute'],
    ['0 */0 * * * * *', 'for its minute'],
    ['0 */60 * * * * *', 'for its minute'],
    ['0 1/2/3 * * * * *', 'for its minute'],
    ['0 1, * * * * *', 'for its minute'],
    ['0 ? * * * * *', 'for its minute'],
  ])('explains what is wrong with "%s"', (expression, words) => {
    expect(explainCron(expression)).toContain(words);
  });
});
