import { describe, expect, it } from 'vitest';
import { PutError } from '../../../../client/put/put-error.ts';
import {
  createProgressMeter,
  describePaused,
  describeProgress,
  drawProgress,
  formatBytes,
} from '../../../../tools/cli/put/file-progress.ts';
import { createMatcher } from '../../../../tools/cli/put/match-path.ts';

describe('a progress meter', () => {
  it('shows share, rate and remaining time', () => {
    let now = 0;
    const meter = createProgressMeter({ path: 'film.mp4', size: 100e6 }, () => now);
    expect(drawProgress(meter.read())).toBe('[....................] 0 %  film.mp4');
    meter.add({ type: 'resumed', bytes: 25e6 });
    meter.add({ type: 'sent', bytes: 30e6 });
    meter.add({ type: 'sent', bytes: -5e6 });
    now = 5_000;

    expect(drawProgress(meter.read())).toBe(
      '[##########..........] 50 %  5.0 MB/s  10 s left  film.mp4',
    );
    expect(describeProgress(meter.read())).toBe('film.mp4: 50 %, 5.0 MB/s, 10 s left');
    expect(meter.read()).toMatchObject({ done: 50e6, resumed: 25e6 });
    meter.add({ type: 'restarted', reason: '' });
    expect(meter.read()).toMatchObject({ done: 0, resumed: 0 });
  });

  it('shows why nothing is sent, until something is', () => {
    let now = 0;
    const meter = createProgressMeter({ path: 'film.mp4', size: 100e6 }, () => now);
    const message = 'storage.example.com cannot be reached (ECONNRESET).';
    const error = new PutError('unreachable', message, { reason: 'ECONNRESET' });
    meter.add({ type: 'sent', bytes: 5 });
    meter.add({ type: 'sent', bytes: -5 });
    meter.add({ type: 'retry', error });

    expect(describeProgress(meter.read())).toBe(`film.mp4: 0 %, tried again: ${message}`);
    expect(drawProgress(meter.read())).toBe(
      '[....................] 0 %  tried again (ECONNRESET)  film.mp4',
    );

    meter.add({ type: 'sent', bytes: 10e6 });
    now = 1_000;

    expect(describeProgress(meter.read())).toBe('film.mp4: 10 %, 10.0 MB/s, 9 s left');
  });

  it('shows how much was sent of what is paused, and no rate', () => {
    const meter = createProgressMeter({ path: 'film.mp4', size: 100e6 }, () => 0);
    meter.add({ type: 'sent', bytes: 25e6 });

    expect(describePaused(meter.read())).toBe('film.mp4: 25 %, 25.0 MB of 100.0 MB');
  });

  it('shows bytes where the size is not known', () => {
    let now = 0;
    const meter = createProgressMeter({ path: 'standard input', size: undefined }, () => now);
    meter.add({ type: 'sent', bytes: 3e6 });
    now = 2_000;

    expect(drawProgress(meter.read())).toBe('3.0 MB  1.5 MB/s  standard input');
    expect(describeProgress(meter.read())).toBe('standard input: 3.0 MB, 1.5 MB/s');
  });
});

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [1.5e9, '1.5 GB'],
  [48.82e15, '48820.0 TB'],
])('formatBytes(%d) is %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

describe('createMatcher()', () => {
  it.each([
    ['*.mp4', 'a.mp4', true],
    ['*.mp4', 'deep/a.mp4', true],
    ['*.mp4', 'a.mp4x', false],
    ['deep/*.mp4', 'deep/a.mp4', true],
    ['deep/*.mp4', 'deep/er/a.mp4', false],
    ['deep/**', 'deep/er/a.mp4', true],
    ['**/er/*', 'deep/er/a.mp4', true],
    ['**/er/*', 'er/a.mp4', true],
    ['*.{mp4,m?v}', 'a.mov', true],
    ['*.{mp4,m?v}', 'a.mkv', true],
    ['*.{mp4,m?v}', 'a.avi', false],
    ['a+(b).mp4', 'a+(b).mp4', true],
    ['a?.mp4', 'a\u{1F3AC}.mp4', true],
  ])('%s and %s: %s', (pattern, path, matches) => {
    expect(createMatcher([pattern])(path)).toBe(matches);
  });
});

it('shows no control characters of a name', () => {
  const progress = {
    path: 'a\u001b[2J\n.mp4',
    size: 10,
    done: 5,
    rate: 0,
    resumed: 0,
    problem: undefined,
  };

  expect(drawProgress(progress)).not.toMatch(/\p{Cc}/u);
  expect(describeProgress(progress)).not.toMatch(/\p{Cc}/u);
});
