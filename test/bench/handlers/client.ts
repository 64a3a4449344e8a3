import { clock, random } from '../../../lib/system.ts';
import { createVodApi } from '../../../lib/vod/client.ts';

/** The same pull through `lib/vod`, with limits that a benchmark does not reach. */
const api = createVodApi(
  {
    endpoint: process.env['VOD_API_ENDPOINT'] ?? '',
    protocol: 'http',
    region: undefined,
    subAppId: undefined,
    pullsPerSecond: 100_000,
  },
  {
    readCredentials: () => ({
      secretId: 'AKIDexample',
      secretKey: 'secret-key-example',
      token: undefined,
    }),
    clock,
    random,
  },
);

let calls = 0;

/** Pulls one file. */
export async function main_handler(): Promise<{ statusCode: number; body: string }> {
  calls += 1;
  const answer = await api.pullUpload({
    MediaUrl: 'https://media.example.com/a.mp4',
    SessionId: `session-${calls}`,
  });
  return { statusCode: 202, body: JSON.stringify(answer) };
}
