import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buildPicture, buildTone } from './sample-media.ts';
import { buildVideo } from './sample-video.ts';

/** Host name with which a PullUpload reaches the samples. No one can own it: https://www.rfc-editor.org/rfc/rfc2606. */
export const SAMPLE_HOST = 'samples.example.com';

/** A running server of samples. */
export interface SampleServer {
  /** Such as `http://127.0.0.1:8000`. */
  readonly origin: string;
  close(): Promise<void>;
}

type Sample = (outgoing: ServerResponse, origin: string) => void;

const VIDEO = buildVideo(2);

function send(contentType: string, bytes: Buffer): Sample {
  return (outgoing) => {
    outgoing
      .writeHead(200, { 'Content-Type': contentType, 'Content-Length': bytes.length })
      .end(bytes);
  };
}

/** Sends half of the video and then calls `after`. */
function sendHalf(after: (outgoing: ServerResponse) => void): Sample {
  return (outgoing) => {
    outgoing.writeHead(200, { 'Content-Type': 'video/mp4', 'Content-Length': VIDEO.length });
    outgoing.write(VIDEO.subarray(0, VIDEO.length / 2), () => after(outgoing));
  };
}

const redirect =
  (to: (origin: string) => string): Sample =>
  (outgoing, origin) =>
    outgoing.writeHead(302, { Location: to(origin) }).end();

/** The samples of the server by path; other paths are 404. */
const SAMPLES: Readonly<Record<string, Sample>> = {
  '/video.mp4': send('video/mp4', VIDEO),
  '/tone.wav': send('audio/wav', buildTone(2)),
  '/cover.png': send('image/png', buildPicture(64, 48)),
  '/redirect.mp4': redirect(() => '/video.mp4'),
  '/redirect-private.mp4': redirect((origin) => `${origin}/video.mp4`),
  '/wrong-type.mp4': send('text/html', Buffer.from('<!doctype html><title>Not a video</title>')),
  '/truncated.mp4': sendHalf((outgoing) => void outgoing.destroy()),
  '/slow.mp4': sendHalf(() => undefined),
};

/** Opens the server of samples on a free port of the loopback address. */
export async function openSampleServer(): Promise<SampleServer> {
  const server = createServer((incoming, outgoing) => {
    incoming.resume();
    const path = (incoming.url ?? '/').split('?')[0] ?? '/';
    const sample = Object.hasOwn(SAMPLES, path) ? SAMPLES[path] : undefined;
    if (sample === undefined) outgoing.writeHead(404, { 'Content-Length': 0 }).end();
    else sample(outgoing, origin);
  });
  await new Promise<void>((listening, failed) => {
    server.once('error', failed);
    server.listen(0, '127.0.0.1', listening);
  });
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}
