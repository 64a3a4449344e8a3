import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SOURCE, usePulls } from './pull-upload-stage.ts';

const { stage, react, describePulls, pull } = usePulls();

describe('PullUpload of a source that fails', () => {
  const sourceError = 60_000;
  const badParameter = 40_000;

  it.each([
    ['is missing', 'http://samples.example.com/missing.mp4', sourceError, '404'],
    ['is a page', 'http://samples.example.com/wrong-type.mp4', sourceError, 'text/html'],
    ['stalls', 'http://samples.example.com/slow.mp4', sourceError, '2000 ms'],
    [
      'ends early',
      'http://samples.example.com/truncated.mp4',
      sourceError,
      'closed the connection',
    ],
    [
      'redirects to this machine',
      'http://samples.example.com/redirect-private.mp4',
      sourceError,
      'not public',
    ],
    ['redirects to a private network', `${SOURCE}/private.mp4`, sourceError, 'not public'],
    ['redirects without end', `${SOURCE}/loop.mp4`, sourceError, 'redirects'],
    ['is on this machine', 'http://127.0.0.1:9/a.mp4', badParameter, 'not public'],
    ['is on this machine by name', 'http://localhost:9/a.mp4', badParameter, 'not public'],
    ['is in the cloud’s own network', 'http://169.254.169.254/a.mp4', badParameter, 'not public'],
    ['is on this machine by IPv6', 'http://[::1]:9/a.mp4', badParameter, 'not public'],
  ])('ends with a code where it %s', async (_name, url, ErrCode, message) => {
    const task = await pull(url);
    const { body } = await stage.receiver.next();

    expect(task).toMatchObject({
      ...{ Status: 'FINISH', ErrCode, Message: expect.stringContaining(message) },
      ...{ FileId: '', FileUrl: '', MediaBasicInfo: null, MetaData: null },
    });
    expect(body).toMatchObject({ EventType: 'PullComplete', PullCompleteEvent: { ErrCode } });
    expect(stage.emulator().media()).toEqual([]);
  });

  it('ends with a code where it is empty, or redirects to another scheme than HTTP', async () => {
    react['/empty.mp4'] = (outgoing) => outgoing.writeHead(200).end();
    react['/file.mp4'] = (outgoing) =>
      outgoing.writeHead(302, { Location: 'file:///etc/passwd' }).end();

    expect(await pull(`${SOURCE}/empty.mp4`)).toMatchObject({ ErrCode: sourceError });
    expect(await pull(`${SOURCE}/file.mp4`)).toMatchObject({ ErrCode: sourceError });
  });

  it('ends at the time limit, also while it still sends data', async () => {
    await stage.reopen(describePulls({ totalMilliseconds: 100 }));
    react['/drip.mp4'] = (outgoing) => {
      outgoing.writeHead(200, { 'Content-Length': 1_000_000 });
      const timer = setInterval(() => outgoing.write('x'), 5);
      outgoing.once('close', () => clearInterval(timer));
    };

    expect(await pull(`${SOURCE}/drip.mp4`)).toMatchObject({
      ErrCode: sourceError,
      Message: expect.stringContaining('100 ms'),
    });
  });

  it('fails the pull where it is the cover, and stores no media', async () => {
    react['/cover.png'] = (outgoing) => outgoing.end('no picture');

    for (const cover of ['/cover.png', '/missing.png']) {
      expect(await pull(`${SOURCE}/film.mp4`, { CoverUrl: `${SOURCE}${cover}` })).toMatchObject({
        ErrCode: badParameter,
        Message: expect.stringContaining('CoverUrl'),
      });
    }
    expect(stage.emulator().media()).toEqual([]);
    expect(await readdir(join(stage.dir, 'storage', 'objects'))).toEqual([]);
  });

  it('is as slow as the fault "slow-source" makes it', async () => {
    stage.faults.arm('slow-source', 1, 10_000);

    expect(await pull(`${SOURCE}/film.mp4`)).toMatchObject({ ErrCode: sourceError });
    stage.faults.arm('slow-source', 1, 1);
    expect(await pull(`${SOURCE}/film.mp4`)).toMatchObject({ ErrCode: 0 });
  });
});
