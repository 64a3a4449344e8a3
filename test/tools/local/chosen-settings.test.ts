import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkChosen } from '../../../tools/local/local-functions.ts';
import { startLocalStack } from '../../../tools/local/local-stack.ts';
import { happens } from '../../support/activities.ts';
import { type Listening, listen } from '../../support/listen.ts';
import { useStack } from '../../support/stack-stage.ts';

const SECRET = `whsec_${Buffer.from('a consumer of the developer’s own').toString('base64')}`;

describe('checkChosen()', () => {
  const endpoint = { url: 'http://localhost:8080/hooks', secret: SECRET };
  const endpoints = (list: unknown) => ({ WEBHOOK_ENDPOINTS: JSON.stringify(list) });

  it.each([
    {},
    { WEBHOOK_ENDPOINTS: '', PULL_HOSTS: '', DEV_ORIGINS: '', VOD_PULLS_PER_SECOND: '' },
    endpoints([]),
    endpoints([endpoint, { ...endpoint, url: 'http://127.0.0.1:9000/', events: ['upload.*'] }]),
    endpoints([{ ...endpoint, url: 'http://[::1]:9000/' }]),
    { ...endpoints([{ ...endpoint, url: 'https://h.example.com:8443/' }]), WEBHOOK_PORTS: '8443' },
    {
      VOD_PULLS_PER_SECOND: '1',
      PULL_HOSTS: 'media.example.com,*.example.org',
      PULL_PORTS: '8080',
    },
    // Variables of a deployment, which this machine ignores.
    { CORS_ORIGINS: '*', AUTH_JWT_SECRET: 'x', CALLBACK_SIGN_KEYS: '!' },
  ])('finds nothing wrong with %j', (chosen) => {
    expect(() => checkChosen(chosen)).not.toThrow();
  });

  it.each([
    [{ WEBHOOK_ENDPOINTS: 'https://canary.example.com' }, 'WEBHOOK_ENDPOINTS must be JSON'],
    [endpoints({ url: 'canary' }), 'WEBHOOK_ENDPOINTS must be a list of'],
    [endpoints([endpoint, { ...endpoint, secret: 'canary' }]), 'WEBHOOK_ENDPOINTS.1.secret must'],
    [
      endpoints([{ ...endpoint, url: 'http://canary.example.com/' }]),
      'WEBHOOK_ENDPOINTS.0.url must',
    ],
    [endpoints([{ ...endpoint, url: 'https://10.0.0.1/' }]), 'WEBHOOK_ENDPOINTS.0.url'],
    [{ WEBHOOK_PORTS: 'canary' }, 'WEBHOOK_PORTS must be a comma-separated list of ports'],
    [{ VOD_PULLS_PER_SECOND: '101' }, 'VOD_PULLS_PER_SECOND must be a whole number from 1 to 100'],
    [{ PULL_HOSTS: 'http://canary/' }, 'PULL_HOSTS must be a comma-separated list of host names'],
    [{ DEV_ORIGINS: 'canary' }, 'DEV_ORIGINS must be a comma-separated list of exact origins'],
  ])('refuses %j and names the variable', (chosen, message) => {
    const check = () => checkChosen(chosen);

    expect(check).toThrow(message);
    expect(check).not.toThrow('canary');
  });

  it('reports all problems together, each once', () => {
    const chosen = { WEBHOOK_ENDPOINTS: '{', VOD_PULLS_PER_SECOND: '0', DEV_ORIGINS: '*' };
    let message = '';
    try {
      checkChosen(chosen);
    } catch (error) {
      message = String(error);
    }

    for (const name of Object.keys(chosen)) expect(message.split(`${name} `)).toHaveLength(2);
  });
});

describe('startLocalStack()', () => {
  it('starts nothing if a chosen setting is wrong', async () => {
    const options = { dir: '/dev/null/nowhere', port: 0, chosen: { VOD_PULLS_PER_SECOND: 'many' } };

    await expect(startLocalStack(options)).rejects.toThrow('VOD_PULLS_PER_SECOND');
  });
});

describe('chosen settings', () => {
  let consumer: Listening;
  let received: { readonly type: string; readonly data: Readonly<Record<string, unknown>> }[] = [];

  beforeEach(async () => {
    received = [];
    const server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += chunk;
      const named = ['webhook-id', 'webhook-timestamp', 'webhook-signature'];
      const headers = Object.fromEntries(named.map((name) => [name, `${request.headers[name]}`]));
      received.push(Object(new Webhook(SECRET).verify(body, headers)));
      response.writeHead(204).end();
    });
    consumer = await listen(server);
  });
  afterEach(() => consumer.close());
  const stage = useStack(() => ({
    emulator: { attemptWaits: [0, 20, 20], pollMilliseconds: 20 },
    chosen: {
      PULL_HOSTS: 'media.example.com',
      WEBHOOK_ENDPOINTS: JSON.stringify([
        {
          url: `${consumer.origin}/hooks`,
          secret: SECRET,
          events: ['upload.failed'],
        },
      ]),
    },
  }));

  async function post(path: string, body: object, token = '') {
    const response = await fetch(`${stage.stack.origin}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });
    return { status: response.status, json: JSON.parse(await response.text()) };
  }

  async function pull(mediaUrl: string) {
    const { json } = await post('/__local/token', { scope: 'upload:pull' });
    return post('/pull', { mediaUrl }, json.token);
  }

  it('add a consumer in addition to the page’s own, and limit the hosts of pulls', async () => {
    const { json } = await pull('http://samples.example.com/missing.mp4');
    const refused = await pull('http://other.example.org/video.mp4');

    const own = await happens(
      stage.stack,
      'webhook',
      ({ eventType }) => eventType === 'upload.failed',
    );
    await expect.poll(() => received).toHaveLength(1);
    const { uploadId } = json;
    expect(own).toMatchObject({ verified: true, status: 204, uploadId });
    expect(received).toMatchObject([{ type: 'upload.failed', data: { uploadId } }]);
    expect(refused).toMatchObject({ status: 400, json: { errors: [{ path: 'mediaUrl' }] } });
  });
});
