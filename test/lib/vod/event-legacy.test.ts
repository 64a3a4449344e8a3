import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLegacyEvent } from '../../../lib/vod/event-legacy.ts';
import events from '../../fixtures/vod-events.json' with { type: 'json' };

describe('readLegacyEvent()', () => {
  it('tells type and file of format 2.0', () => {
    expect(readLegacyEvent(events.Legacy)).toEqual({
      eventType: 'NewFileUpload',
      fileId: '9031868200000000003',
    });
  });

  it.each([[undefined], [null], [[]], [{}], [{ fileId: '' }], [{ fileId: 9031868200 }]])(
    'needs no file: data %j',
    (data) => {
      const body = { version: '4.0', eventType: 'TranscodeComplete', data };

      expect(readLegacyEvent(body)).toEqual({ eventType: 'TranscodeComplete' });
    },
  );

  it.each([
    ['format 3.0', events.NewFileUpload],
    ['both at once', { ...events.Legacy, ...events.NewFileUpload }],
    ['another version', { ...events.Legacy, version: '5.0' }],
    ['a version that is a number', { ...events.Legacy, version: 4 }],
    ['no type', { version: '4.0', data: {} }],
    ['a type that is no text', { ...events.Legacy, eventType: ['NewFileUpload'] }],
    ['nothing', {}],
  ])('answers undefined for %s', (_name, body) => {
    expect(readLegacyEvent(body)).toBeUndefined();
  });

  it('never throws on JSON', () => {
    const body = fc.record({
      version: fc.constant('4.0'),
      eventType: fc.string(),
      data: fc.jsonValue(),
    });
    fc.assert(
      fc.property(body, (any) => {
        expect(readLegacyEvent(any)).toBeDefined();
      }),
    );
  });
});
