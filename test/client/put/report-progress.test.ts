import { describe, expect, it } from 'vitest';
import { createProgressReport } from '../../../client/put/report-progress.ts';
import type { OutgoingRequest } from '../../../client/put/transport.ts';

type Reply = number | 'unreachable';

/** A report whose service answers with these statuses, and then with 204. */
function open(replies: readonly Reply[], token: string | ((refused?: string) => string) = 't1') {
  const left = [...replies];
  const sent: { body: unknown; authorization: string | undefined }[] = [];
  let time = 0;
  const report = createProgressReport({
    uploadsUrl: 'https://vod.example.com/uploads',
    ...{ token, size: 1_000, clock: { monotonic: () => time } },
    transport: {
      async send({ url, headers, body }: OutgoingRequest) {
        expect(url.pathname).toBe('/uploads/u1/progress');
        sent.push({
          body: JSON.parse(await readBody(body)),
          authorization: headers['Authorization'],
        });
        const reply = left.shift() ?? 204;
        if (reply === 'unreachable') throw new Error('ECONNREFUSED');
        return { status: reply, headers: {}, text: '' };
      },
    },
  });
  const send = async (bytes: number, after: number) => {
    time += after;
    report.onEvent({ type: 'sent', bytes });
    await new Promise(setImmediate);
  };
  return { report, sent, send };
}

async function readBody(body: OutgoingRequest['body']): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body?.chunks() ?? []) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const whole = { size: 1_000, crc64: '7' };

describe('createProgressReport()', () => {
  it('reports what was sent every five seconds, and the whole with its checksum', async () => {
    const { report, sent, send } = open([]);
    report.onEvent({ type: 'permitted', uploadId: 'u1' });
    await send(100, 4_999);
    await send(100, 1);
    await send(100, 4_999);
    report.onEvent({ type: 'sent', bytes: -50 });
    await send(0, 1);
    await report.end(whole);

    expect(sent.map(({ body }) => body)).toEqual([
      { size: 1_000, sent: 200 },
      { size: 1_000, sent: 250 },
      { size: 1_000, sent: 1_000, crc64: '7' },
    ]);
  });

  it('sends nothing for an upload that the service does not know', async () => {
    const { report, sent, send } = open([]);
    report.onEvent({ type: 'permitted', uploadId: undefined });
    await send(100, 6_000);
    await report.end(whole);

    expect(sent).toEqual([]);
  });

  it.each([501, 403, 404, 409])('ends after a %i', async (status) => {
    const { report, sent, send } = open([status]);
    report.onEvent({ type: 'permitted', uploadId: 'u1' });
    await send(100, 6_000);
    await send(100, 6_000);
    await report.end(whole);

    expect(sent).toHaveLength(1);
  });

  it.each([['unreachable'], [503], [429]] as const)(
    'tries the last report twice after %s, and never rejects',
    async (reply) => {
      const { report, sent } = open([reply, reply]);
      report.onEvent({ type: 'permitted', uploadId: 'u1' });
      await report.end(whole);

      expect(sent).toHaveLength(2);
    },
  );

  it('asks for another token if one is refused', async () => {
    const { report, sent } = open([401], (refused) => (refused === undefined ? 'old' : 'new'));
    report.onEvent({ type: 'permitted', uploadId: 'u1' });
    await report.end(whole);

    expect(sent.map(({ authorization }) => authorization)).toEqual(['Bearer old', 'Bearer new']);
  });
});
