import { describe, expect, it } from 'vitest';
import { reportProgress } from '../../client/progress.ts';
import { ENDPOINT, refusal } from './scripted-service.ts';
import { fileOf, useUploadStage } from './upload-stage.ts';

const stage = useUploadStage();
const options = { endpoint: ENDPOINT, token: 'token-2' };

const reports = () =>
  stage.service.calls
    .filter(({ method }) => method === 'PUT')
    .map(({ path, token, body: { size, sent } }) => ({ path, token, size, sent }));

async function begin(bytes = 1_000) {
  const upload = stage.client().upload(fileOf('film.mp4', bytes));
  const end = reportProgress(upload, options);
  const transfer = await stage.transfer();
  const send = async (loaded: number) => {
    transfer.progress(loaded);
    await stage.pass();
  };
  return { upload, transfer, send, end };
}

describe('reportProgress()', () => {
  it('tells the service how much was sent, every five seconds at most', async () => {
    const { send } = await begin();
    await send(100);
    await send(200);
    await stage.pass(4_900);
    await send(300);
    expect(reports()).toHaveLength(1);
    expect(reports()[0]).toMatchObject({
      path: '/uploads/upload-1/progress',
      ...{ token: 'token-2', size: 1_000 },
    });

    await stage.pass(200);
    await send(400);

    expect(reports().map(({ sent }) => sent)).toEqual([reports()[0]?.sent, 400]);
  });

  it('ends when the service refuses for good, and the upload goes on', async () => {
    const refusals = [
      refusal(501, 'ledger_required'),
      refusal(403, 'insufficient_scope'),
      refusal(409, 'upload_finished'),
    ];
    for (const answer of refusals) {
      stage.service.answerNext('PUT', answer);
      const before = reports().length;
      const { upload, send } = await begin();
      for (let sent = 100; sent < 900; sent += 100) {
        await send(sent);
        await stage.pass(6_000);
      }
      expect(reports()).toHaveLength(before + 1);
      expect(upload.state).toMatchObject({ name: 'uploading', loaded: 800 });
      await upload.cancel();
    }
  });

  it('goes on after a service that could not be reached', async () => {
    stage.service.answerNext('PUT', ...Array.from({ length: 4 }, () => 'unreachable' as const));
    const { send } = await begin();
    await send(100);
    await stage.pass(60_000);
    const before = reports().length;

    await send(500);

    expect(reports().length).toBe(before + 1);
    expect(reports().at(-1)).toMatchObject({ sent: 500 });
  });

  it('sends nothing once it is ended', async () => {
    const { send, end } = await begin();
    end();
    const before = reports().length;
    await stage.pass(10_000);
    await send(500);

    expect(reports()).toHaveLength(before);
  });

  it('accepts the address of the function itself', async () => {
    const upload = stage.client().upload(fileOf());
    const uploads = 'https://uploads.example.com/uploads';
    reportProgress(upload, { endpoint: { uploads }, token: 't' });
    const transfer = await stage.transfer();
    transfer.progress(50);
    await stage.pass();

    expect(stage.service.calls.find(({ method }) => method === 'PUT')?.path).toBe(
      `${uploads}/upload-1/progress`,
    );
  });
});
