import { describe, expect, it } from 'vitest';
import { signNotification } from '../../../../../tools/local/emulator/events/sign-notification.ts';

describe('signNotification()', () => {
  it.each([
    ['DemoSignKey2026', 1_767_225_600, '2f9763609dac94447f10f9778c0f854d'],
    ['abcDEF123456', 1_800_000_000, 'cf25ea8be14fb7f7529bdb38fe4b142b'],
  ])('with key %s signs the end of its ten minutes, %i', (signKey, T, Sign) => {
    expect(signNotification(signKey, T - 600)).toEqual({ Sign, T });
  });
});
