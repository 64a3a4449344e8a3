import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startTransferClock } from '../../../../../tools/local/emulator/pull/transfer-clock.ts';

const never = new AbortController().signal;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('startTransferClock()', () => {
  it('ends a transfer without data for too long, counted from the last byte', () => {
    const { signal, touch } = startTransferClock({ idleMilliseconds: 100 }, never);

    vi.advanceTimersByTime(99);
    touch();
    vi.advanceTimersByTime(99);
    expect(signal.aborted).toBe(false);
    vi.advanceTimersByTime(1);

    expect(signal.reason).toMatchObject({ errCode: 60_000, message: 'Nothing came for 100 ms' });
  });

  it('ends a transfer that takes too long, even if data arrive', () => {
    const times = { idleMilliseconds: 100, totalMilliseconds: 150 };
    const { signal, touch } = startTransferClock(times, never);

    vi.advanceTimersByTime(90);
    touch();
    vi.advanceTimersByTime(60);

    expect(signal.reason).toMatchObject({ errCode: 60_000, message: 'Not done within 150 ms' });
  });

  it('does not end a finished transfer', () => {
    const { signal, stop } = startTransferClock({ idleMilliseconds: 100 }, never);

    stop();
    vi.runAllTimers();

    expect(signal.aborted).toBe(false);
  });

  it('ends when the outer signal aborts', () => {
    const closing = new AbortController();
    const { signal, stop } = startTransferClock({}, closing.signal);

    closing.abort('closing');

    expect(signal.reason).toBe('closing');
    stop();
  });
});
