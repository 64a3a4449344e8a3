import { afterEach, describe, expect, it, vi } from 'vitest';
import { withoutOutput } from './without-output.ts';

describe('withoutOutput()', () => {
  afterEach(() => vi.restoreAllMocks());

  it('discards output until the work ends, whether it succeeds or fails, and writes all later output', async () => {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const log = () => process.stdout.write('{"level":"info"}\n');

    const result = await withoutOutput(async () => {
      log();
      process.stdout.write(Buffer.from('bytes'));
      return 'result';
    });
    const failed = withoutOutput(async () => {
      log();
      throw new Error('out of luck');
    });

    await expect(failed).rejects.toThrow('out of luck');
    expect(result).toBe('result');
    expect(write).not.toHaveBeenCalled();
    log();
    expect(write).toHaveBeenCalledOnce();
  });
});
