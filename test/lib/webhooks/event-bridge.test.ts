import { afterEach, describe, expect, it } from 'vitest';
import { clock } from '../../../lib/system.ts';
import type { VodCredentials } from '../../../lib/vod/credentials.ts';
import { createTargets } from '../../../lib/webhooks/create-targets.ts';
import { createEventBus } from '../../../lib/webhooks/event-bridge.ts';
import type { Target } from '../../../lib/webhooks/target.ts';
import {
  type AnswerVodCall,
  expectedAuthorization,
  refuse,
  startVodServer,
  succeed,
  type VodServer,
} from '../../support/vod-server.ts';
import { createSecret, endpointOf, messageOf, startConsumer } from './consumer.ts';

const KEY: VodCredentials = {
  secretId: 'AKIDexample',
  secretKey: 'secret-key-example',
  token: 'session-token-example',
};

const servers: VodServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(answer: AnswerVodCall): Promise<VodServer> {
  const server = await startVodServer(answer);
  servers.push(server);
  return server;
}

function configOf(endpoint: string) {
  return {
    busId: 'eb-example',
    region: 'ap-guangzhou',
    endpoint,
    protocol: 'http' as const,
    events: ['upload.*'],
  };
}

function connect(endpoint: string, readCredentials = () => KEY): Target {
  return createEventBus(configOf(endpoint), readCredentials);
}

describe('createEventBus()', () => {
  it('sends a signed message in the format of the API', async () => {
    const server = await serve((response) => succeed(response));
    const message = messageOf('01JUPLOADEXAMPLE', '한글 🎬.mp4');

    const sent = await connect(server.endpoint).send(message, 5_000);

    expect(sent).toEqual({ ok: true, gone: false });
    const [call] = server.calls;
    if (call === undefined) throw new Error('Nothing came in');
    expect(call.action).toBe('PutEvents');
    expect(call.headers).toMatchObject({
      'x-tc-version': '2021-04-16',
      'x-tc-region': 'ap-guangzhou',
      'x-tc-token': 'session-token-example',
      authorization: expectedAuthorization(call, KEY.secretId, KEY.secretKey),
    });
    expect(call.parameters).toEqual({
      EventBusId: 'eb-example',
      EventList: [
        {
          Source: 'vod-upload-backend',
          Type: 'upload.ready',
          Subject: '01JUPLOADEXAMPLE',
          Time: Date.UTC(2026, 0, 31, 8, 5),
          Data: JSON.stringify(message),
        },
      ],
    });
  });

  it('limits the size of an event', async () => {
    const server = await serve((response) => succeed(response));

    await connect(server.endpoint).send(messageOf('01J', 'x'.repeat(70_000)), 5_000);

    expect(server.calls[0]?.text.length).toBeLessThan(64 * 1024);
    expect(server.calls[0]?.text).toContain('dataOmitted');
  });

  it('reuses its connection', async () => {
    const server = await serve((response) => succeed(response));
    const bus = connect(server.endpoint);

    for (let i = 0; i < 5; i += 1) await bus.send(messageOf(String(i)), 5_000);

    expect(server.calls).toHaveLength(5);
    expect(server.connections()).toBe(1);
  });

  it.each(['ResourceNotFound.EventBus', 'AuthFailure.SecretIdNotFound', 'RequestLimitExceeded'])(
    'reports a refusal by its code, not by its text (%s)',
    async (code) => {
      const server = await serve((response) => refuse(response, code, 'canary secret-key-example'));

      const sent = await connect(server.endpoint).send(messageOf(), 5_000);

      expect(sent).toEqual({ ok: false, error: code, gone: false });
    },
  );

  it('distinguishes an HTTP status, a timeout and an unreachable API', async () => {
    const broken = await serve((response) => response.writeHead(502).end());
    const silent = await serve(() => {});
    const closed = await serve(() => {});
    await closed.close();

    expect(await connect(broken.endpoint).send(messageOf(), 5_000)).toEqual({
      ok: false,
      status: 502,
      error: 'http_502',
      gone: false,
    });
    expect(await connect(silent.endpoint).send(messageOf(), 50)).toEqual({
      ok: false,
      error: 'timeout',
      gone: false,
    });
    expect(await connect(closed.endpoint).send(messageOf(), 5_000)).toEqual({
      ok: false,
      error: 'network',
      gone: false,
    });
  });

  it('throws the error of reading the credentials, and sends nothing', async () => {
    const server = await serve((response) => succeed(response));
    const bus = connect(server.endpoint, () => {
      throw new Error('No key');
    });

    await expect(bus.send(messageOf(), 5_000)).rejects.toThrow('No key');
    expect(server.calls).toEqual([]);
  });
});

describe('createTargets()', () => {
  it('creates a target for every endpoint and for the bus, with their filters', async () => {
    const server = await serve((response) => succeed(response));
    const consumer = await startConsumer((response) => response.end());
    const endpoint = endpointOf(consumer.url, createSecret(), ['vod.*']);

    const targets = createTargets(
      { endpoints: [endpoint], eventBus: configOf(server.endpoint) },
      { clock, readCredentials: () => KEY },
    );
    const sent = await Promise.all(targets.map(({ send }) => send(messageOf(), 5_000)));
    await consumer.close();

    expect(targets.map(({ id, events }) => ({ id, events }))).toEqual([
      { id: endpoint.id, events: ['vod.*'] },
      { id: 'event-bus_eb-example', events: ['upload.*'] },
    ]);
    expect(sent.map(({ ok }) => ok)).toEqual([true, true]);
    expect([consumer.received.length, server.calls.length]).toEqual([1, 1]);
  });

  it('creates no targets if none are configured', () => {
    const dependencies = { clock, readCredentials: () => KEY };

    expect(createTargets({ endpoints: [], eventBus: undefined }, dependencies)).toEqual([]);
  });
});
