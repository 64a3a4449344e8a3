import { describe, expect, it } from 'vitest';
import { refusal } from './scripted-service.ts';
import { fileOf, useUploadStage } from './upload-stage.ts';

const stage = useUploadStage();

const gets = () => stage.service.calls.filter(({ method }) => method === 'GET');

async function process() {
  const upload = stage.client().upload(fileOf());
  (await stage.transfer()).succeed('file-1');
  await stage.pass();
  return upload;
}

describe('what becomes of a file', () => {
  it('is asked for less and less often, and never less than every 20 seconds', async () => {
    await process();
    await stage.pass(10_000);
    const first = gets().length;
    await stage.pass(600_000);
    const before = gets().length;
    await stage.pass(600_000);
    const later = gets().length - before;

    expect(first).toBeGreaterThan(4);
    expect(later).toBeGreaterThanOrEqual(600 / 18.75);
    expect(later).toBeLessThanOrEqual(600 / 11.25 + 1);
  });

  it('is sent again only if it has changed', async () => {
    const upload = await process();
    stage.service.answerNext('GET', {
      body: { state: 'uploaded', fileId: 'f' },
      headers: { ETag: '"one"' },
    });
    stage.service.answerNext('GET', { status: 304 });
    stage.service.upload = { state: 'processing', fileId: 'f' };
    await stage.pass(650);
    expect(upload.state).toMatchObject({ name: 'processing', upload: { state: 'uploaded' } });
    await stage.pass(1_000);
    await stage.pass(1_400);

    expect(
      gets()
        .slice(0, 3)
        .map(({ headers }) => headers.get('if-none-match')),
    ).toEqual([...[null, '"one"', '"one"']]);
    expect(upload.state).toMatchObject({ upload: { state: 'processing' } });
  });

  it('is asked for again while the service cannot be reached', async () => {
    const upload = await process();
    stage.service.answerNext('GET', ...Array.from({ length: 12 }, () => 'unreachable' as const));
    stage.service.upload = { state: 'ready' };
    await stage.pass(60_000);

    expect(upload.state.name).toBe('ready');
  });

  it.each([
    [refusal(501, 'ledger_required'), 'ledger_required'],
    [refusal(403, 'insufficient_scope'), 'insufficient_scope'],
  ])('cannot be known if the service answers %j', async (answer, code) => {
    const upload = await process();
    stage.service.answerNext('GET', answer);
    await stage.pass(1_000);

    expect(upload.state).toMatchObject({ name: 'failed', problem: { code } });
  });
});
