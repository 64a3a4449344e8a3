import { vod } from 'tencentcloud-sdk-nodejs-vod';

/** A pull as the vendor's documents show it: the unmodified package with its default settings. */
const client = new vod.v20180717.Client({
  credential: { secretId: 'AKIDexample', secretKey: 'secret-key-example' },
  profile: {
    httpProfile: { endpoint: process.env['VOD_API_ENDPOINT'] ?? '', protocol: 'http://' },
  },
});

let calls = 0;

/** Pulls one file. */
export async function main_handler(): Promise<{ statusCode: number; body: string }> {
  calls += 1;
  const answer = await client.PullUpload({
    MediaUrl: 'https://media.example.com/a.mp4',
    SessionId: `session-${calls}`,
  });
  return { statusCode: 202, body: JSON.stringify(answer) };
}
