import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BuiltFolder, buildFolder } from '../support/built-folder.ts';
import { captureLog } from '../support/capture-log.ts';
import { askHandler, SCF_CONTEXT } from '../support/http-events.ts';
import { ARRIVAL, MEDIA, messagesOf, signed, stubCallback, useCallback } from './callback-stage.ts';

const FROM_CONSOLE = {
  ...MEDIA,
  BasicInfo: { Type: 'mp4', SourceInfo: { SourceType: 'Upload', SourceContext: '' } },
};

const { vod, consumer } = useCallback(FROM_CONSOLE);
const log = captureLog();
let folder: BuiltFolder;

beforeAll(async () => {
  folder = await buildFolder();
});
afterAll(() => folder.remove());
beforeEach(() => stubCallback(vod, consumer));

/** Notifies a new instance of the built function, with these settings in its folder, of the media. */
async function notify(settings: object): Promise<number> {
  await folder.writeSettings(settings);
  const ask = askHandler(folder.load('callback'));
  return (await ask({ body: signed(ARRIVAL) }, SCF_CONTEXT)).statusCode;
}

describe('the built callback', () => {
  it('applies the limits of the settings in its folder', async () => {
    const settings = { policy: { console: { maxBytes: MEDIA.MetaData.Size - 1 } } };

    expect(await notify(settings)).toBe(200);

    expect(vod.calls.map(({ action }) => action)).toContain('DeleteMedia');
    const types = messagesOf(consumer).map(({ type }) => type);
    expect(types.sort()).toEqual(['upload.rejected', 'vod.NewFileUpload']);
  });

  it('answers 500 with invalid settings, and logs the mistakes', async () => {
    const rules = [{ name: 'r', set: { coverUrl: 'http://canary.example.com/' } }];

    expect(await notify({ rules })).toBe(500);

    const line = log.line;
    expect(line).toMatchObject({ level: 'error', code: 'internal' });
    expect(line.reason).toContain('rules.0.set.coverUrl must begin with https://');
    expect(line.reason).not.toContain('canary');
    expect(vod.calls).toEqual([]);
  });
});
