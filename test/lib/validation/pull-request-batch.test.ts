import { describe, expect, it } from 'vitest';
import { Problem } from '../../../lib/problem.ts';
import { parseMany, pathsOf, refusalOf, URL_TEXT } from './pull-request-stage.ts';

describe('parsePullRequest() of a batch', () => {
  it('keeps the order, and refuses each wrong item alone', () => {
    const items = parseMany([
      { mediaUrl: 'https://samples.example.com/0.mp4' },
      { mediaUrl: 'http://127.0.0.1/1.mp4', classId: -1 },
      null,
      { mediaUrl: 'https://samples.example.com/3.mp4', idempotencyKey: 'k' },
      [],
      'text',
      { items: [] },
    ]);

    expect(items.map((item) => (item instanceof Problem ? pathsOf(item) : item))).toEqual([
      { mediaUrl: 'https://samples.example.com/0.mp4', mediaType: 'mp4' },
      ['items.1.classId', 'items.1.mediaUrl'],
      ['items.2'],
      {
        mediaUrl: 'https://samples.example.com/3.mp4',
        mediaType: 'mp4',
        idempotencyKey: 'k',
      },
      ['items.4'],
      ['items.5'],
      ['items.6.mediaUrl', 'items.6.items'],
    ]);
  });

  it('accepts up to 1,000 items', () => {
    const item = { mediaUrl: URL_TEXT };

    expect(parseMany([item])).toHaveLength(1);
    expect(parseMany(Array.from({ length: 1_000 }, () => item))).toHaveLength(1_000);
    expect(refusalOf({ items: Array.from({ length: 1_001 }, () => item) }).errors).toEqual([
      { path: 'items', message: 'must be a list of 1 to 1000 pulls; it has 1001' },
    ]);
  });

  it.each([
    [{ items: [] }, ['items']],
    [{ items: null }, ['mediaUrl']],
    [{ items: {} }, ['items']],
    [{ items: 'text' }, ['items']],
    [{ items: { 0: { mediaUrl: URL_TEXT }, length: 1 } }, ['items']],
    [{ items: [{ mediaUrl: URL_TEXT }], mediaUrl: URL_TEXT }, ['mediaUrl']],
    [{ items: [{ mediaUrl: URL_TEXT }], classId: 1, colour: 1 }, ['classId', 'colour']],
    [{ items: [], colour: 1 }, ['colour', 'items']],
  ])('refuses %j as a whole', (body, paths) => {
    expect(pathsOf(refusalOf(body))).toEqual(paths);
  });

  it('names the allowed number of items', () => {
    expect(refusalOf({ items: {} }).errors).toEqual([
      { path: 'items', message: 'must be a list of 1 to 1000 pulls' },
    ]);
  });

  it('explains where a field beside the items belongs', () => {
    const [error] = refusalOf({ items: [{}], mediaUrl: URL_TEXT }).errors ?? [];

    expect(error?.message).toContain('set it in each item');
  });

  it('bounds its answer where thousands of fields are wrong', () => {
    const unknown = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [index, 0]));

    const problems = parseMany(Array.from({ length: 1_000 }, () => unknown));

    const answer = problems.map((problem) => [
      String(problem),
      problem instanceof Problem && problem.errors,
    ]);
    expect(JSON.stringify(answer).length).toBeLessThan(1_500_000);
    expect(problems.every((problem) => pathsOf(problem).length >= 1)).toBe(true);
    expect(pathsOf(problems[0])).toHaveLength(41);
    expect(String(problems[999])).toContain('(and 40 more)');
  });
});
