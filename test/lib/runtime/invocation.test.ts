import { afterEach, expect, it, vi } from 'vitest';
import { type LogFields, writeLogLine } from '../../../lib/runtime/invocation.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

it('writes one line of JSON that has the known fields alone', () => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  const fields: LogFields = { level: 'info', status: 200 };
  Object.assign(fields, { authorization: 'Bearer canary', constructor: 'canary' });

  writeLogLine(fields);

  expect(write.mock.calls).toEqual([['{"level":"info","status":200}\n']]);
});
