import { describe, expect, it } from 'vitest';
import { logUnkeptEvent } from '../../../lib/ingest/failed-event.ts';
import { receiveEvent } from '../../../lib/ingest/received-event.ts';
import type { LogFields } from '../../../lib/runtime/invocation.ts';
import { parseVodEvent, type RawEvent } from '../../../lib/vod/event.ts';
import { NOWHERE } from '../../support/source-contexts.ts';

const CANARY = 'canary-5f1e';

function log(event: RawEvent, confirmed = false): readonly LogFields[] {
  const lines: LogFields[] = [];
  logUnkeptEvent(receiveEvent(parseVodEvent(event), NOWHERE), confirmed, (line) =>
    lines.push(line),
  );
  return lines;
}

const read = (lines: readonly LogFields[]) => lines.map(({ event }) => event).join('');

describe('logUnkeptEvent()', () => {
  it('writes what nobody can find again, whole', () => {
    const event = {
      EventType: 'MediaCastStatusChanged',
      MediaCastStatusChangedEvent: { CastId: 'cast-1', Status: 'Working', List: [1, 'a b', true] },
    };

    const lines = log({ ...event, Sign: CANARY, T: CANARY });

    expect(lines).toMatchObject([
      {
        ...{ level: 'error', eventType: 'MediaCastStatusChanged', piece: '1/1' },
        eventId: expect.stringMatching(/^evt_/),
      },
    ]);
    expect(JSON.parse(read(lines))).toEqual(event);
  });

  it.each([
    ['an unknown one', { EventType: 'Tomorrow', Any: 1 }, false, 1],
    [
      'a task',
      { EventType: 'EditMediaComplete', EditMediaCompleteEvent: { TaskId: '1' } },
      true,
      1,
    ],
    [
      'parts that were deleted',
      {
        EventType: 'FileDeleted',
        FileDeleteEvent: {
          FileIdSet: ['1'],
          FileDeleteResultInfo: [{ FileId: '1', DeleteParts: [{ Type: 'TranscodeFiles' }] }],
        },
      },
      false,
      1,
    ],
    ['an arrival', { EventType: 'NewFileUpload', FileUploadEvent: { FileId: '1' } }, true, 0],
    ['a deletion', { EventType: 'FileDeleted', FileDeleteEvent: { FileIdSet: ['1'] } }, true, 0],
    [
      'a pull',
      { EventType: 'PullComplete', PullCompleteEvent: { TaskId: '1', Status: 'FINISH' } },
      true,
      0,
    ],
  ])('writes of %s what sweep would not find', (_what, event, confirmed, count) => {
    expect(log(event, confirmed)).toHaveLength(count);
  });

  it.each([
    ['contexts', { SessionContext: CANARY, Input: { SourceContext: CANARY } }],
    ['what is called a secret', { SecretKey: CANARY, accessToken: CANARY, StreamKey: CANARY }],
    ['lists of such', { Tokens: [CANARY, [CANARY]] }],
    ['the query of an address', { Url: `https://media.example.com/film.mp4?sign=${CANARY}` }],
    ['the key of a stream', { Url: `rtmp://live.example.com/app/${CANARY}` }],
    ['a password in an address', { Url: `https://user:p@ss-${CANARY}@media.example.com/` }],
    ['an address inside a text', { Message: `Cannot push to rtmps://live.example.com/${CANARY}.` }],
    ['an address as a name', { [`https://media.example.com/${CANARY}`]: 1 }],
  ])('keeps %s out of the log', (_what, fields) => {
    const text = read(log({ EventType: 'Tomorrow', TaskId: 'task-1', TomorrowEvent: fields }));

    expect(text).not.toContain(CANARY);
    expect(text).toContain('"TaskId":"task-1"');
  });

  it('says where an address led', () => {
    const Url = 'rtmp://user:password@live.example.com:1935/app/key?x=1';
    expect(JSON.parse(read(log({ EventType: 'Tomorrow', Url })))).toEqual({
      ...{ EventType: 'Tomorrow', Url: 'rtmp://live.example.com:1935/…' },
    });
  });

  it('writes a long one in pieces, and no more than a bound', () => {
    const lines = log({ EventType: 'Tomorrow', Text: 'x'.repeat(20_000) });
    expect(lines.map(({ piece }) => piece)).toEqual(['1/3', '2/3', '3/3']);
    expect(read(lines)).toContain('x'.repeat(20_000));

    const longest = log({ EventType: 'Tomorrow', Text: 'x'.repeat(6_000_000) });
    expect(longest).toHaveLength(8);
    expect(read(longest)).toHaveLength(65_536);
    expect(longest[0]?.reason).toMatch(/longer than is logged/);
  });

  it.each(['a.', 'a://', '@', 'a:/', 'https://a@'])('gets over a text of %j alone', (part) => {
    const Text = part.repeat(6_000_000 / part.length);
    expect(log({ EventType: 'Tomorrow', Text }).length).toBeGreaterThan(0);
  });
});
