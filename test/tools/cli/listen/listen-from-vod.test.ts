import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../../support/make-folder.ts';
import { perTest } from '../../../support/per-test.ts';
import { until } from '../../../support/until.ts';
import { openVodFront, runCommand } from '../cli-stage.ts';
import { startConsumer, verifyMessage } from '../consumer-stage.ts';

const TONE = 'http://samples.example.com/tone.wav';

const vod = perTest(openVodFront);
const consumer = perTest(startConsumer);

/** Has VOD fetch a file, and resolves when its event is in the queue. */
async function pull(context: string): Promise<void> {
  const ended = vod.stage.next(({ type }) => type === 'media');
  await vod.stage.client.PullUpload({ MediaUrl: TONE, SourceContext: context });
  await ended;
}

async function startListening(args: readonly string[] = []) {
  const folder = await makeFolder();
  const { account } = vod.stage;
  const ending = new AbortController();
  const lines: string[] = [];
  const progress: string[] = [];
  const running = runCommand(
    ['listen', '--from-vod', '--forward-to', consumer.url, ...args],
    {
      ...{ TENCENTCLOUD_SECRET_ID: account.secretId, TENCENTCLOUD_SECRET_KEY: account.secretKey },
      ...{ VOD_API_ENDPOINT: vod.endpoint, VOD_API_PROTOCOL: 'http', XDG_STATE_HOME: folder },
      VOD_SUB_APP_ID: String(account.subAppId),
    },
    { folder, interrupted: ending.signal, onOut: (text) => lines.push(text), progress },
  );
  const end = () => {
    ending.abort();
    return running;
  };
  return { lines, progress, running, end };
}

describe('vod-upload listen --from-vod', () => {
  it('sends the events in the queue once, as messages of the functions, and removes them', async () => {
    await vod.stage.client.ModifyEventConfig({ Mode: 'PULL' });
    await pull('order-7');
    const { lines, end } = await startListening();
    await until(() => expect(lines).toHaveLength(1));
    await pull('order-8');
    await until(() => expect(lines).toHaveLength(2));
    const { exitCode, error } = await end();

    expect(exitCode).toBe(0);
    const [, secret = ''] = /the secret (whsec_\S+)\. /.exec(error) ?? [];
    const { subAppId: SubAppId } = vod.stage.account;
    const contextOf = (SourceContext: string) => ({
      PullCompleteEvent: { MediaBasicInfo: { SourceInfo: { SourceContext } } },
    });
    expect(consumer.received.map((received) => verifyMessage(received, secret))).toMatchObject([
      { type: 'vod.PullComplete', data: { SubAppId, ...contextOf('order-7') } },
      { type: 'vod.PullComplete', data: { SubAppId, ...contextOf('order-8') } },
    ]);
    expect(consumer.received.map(({ body }) => body).join('')).not.toContain('EventHandle');
    vod.stage.passSeconds(60);
    expect((await vod.stage.client.PullEvents({})).EventSet ?? []).toEqual([]);
  });

  it('removes what is not wanted too, and tries again while VOD fails', async () => {
    await vod.stage.client.ModifyEventConfig({ Mode: 'PULL' });
    await pull('order-7');
    vod.override('PullEvents', 'InternalError');
    const { progress, end } = await startListening(['--types', 'vod.FileDeleted']);
    await until(() => expect(progress.join('\n')).toContain('Trying again'));
    vod.restore();
    await until(() => expect(vod.actions).toContain('ConfirmEvents'));
    await end();

    expect(consumer.received).toEqual([]);
  });

  it('refuses an application that reports to an address', async () => {
    const { exitCode, error } = await (await startListening()).running;

    expect(exitCode).toBe(2);
    expect(error).toContain('has no queue of events: "vod-upload setup --mode pull" gives it one');
    expect(vod.actions).not.toContain('PullEvents');
  });
});
