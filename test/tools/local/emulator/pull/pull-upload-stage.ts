import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { beforeEach } from 'vitest';
import { perTest } from '../../../../support/per-test.ts';
import { openApiStage } from '../api/api-stage.ts';
import { openSourceServer } from './source-server.ts';

/** The origin of the sources of the tests. */
export const SOURCE = 'http://videos.example.com';
/** What is at `/film.mp4`: more than one part, and not a whole number of them. */
export const film = randomBytes(9 * 1024 * 1024 + 7);

/** Returns the SHA-256 of what is at a URL. */
export async function sha256At(url: string | undefined): Promise<string> {
  const bytes = await (await fetch(url ?? '')).arrayBuffer();
  return createHash('sha256').update(Buffer.from(bytes)).digest('hex');
}

type React = (outgoing: ServerResponse, incoming: IncomingMessage) => void;

/** Returns what the server of sources does for the paths that every test may use. */
const describeSources = (origin: string): Record<string, React> => ({
  '/film.mp4': (outgoing) => outgoing.writeHead(200, { 'Content-Length': film.length }).end(film),
  '/loop.mp4': (outgoing) => outgoing.writeHead(302, { Location: '/loop.mp4' }).end(),
  '/private.mp4': (outgoing) => outgoing.writeHead(301, { Location: `${origin}/film.mp4` }).end(),
});

/** Gives each test of the file an emulator that pulls, and a server of sources. */
export function usePulls() {
  /** What the server does for a path beyond those that every test may use. */
  const react: Record<string, React> = {};
  beforeEach(() => {
    for (const path of Object.keys(react)) delete react[path];
  });
  const sources = perTest(() =>
    openSourceServer((incoming, outgoing, origin) => {
      const path = (incoming.url ?? '').split('?')[0] ?? '';
      const serve = react[path] ?? describeSources(origin)[path];
      if (serve === undefined) outgoing.writeHead(404).end();
      else serve(outgoing, incoming);
    }),
  );
  const describePulls = (change: object = {}) => ({
    pull: {
      resolve: { 'videos.example.com': sources.origin },
      ...{ idleMilliseconds: 2_000, totalMilliseconds: 20_000, ...change },
    },
  });
  const stage = perTest(() => openApiStage({ ...describePulls(), names: { classIds: [7] } }));
  /** Resolves when a pull is at its end. */
  const end = () =>
    stage.next((activity) => activity.type === 'pull' && activity.status === 'FINISH');
  const taskOf = async (taskId: string | undefined) =>
    (await stage.client.DescribeTaskDetail({ TaskId: taskId ?? '' })).PullUploadTask;
  return {
    ...{ sources, stage, react, describePulls, end, taskOf },
    /** Pulls, and returns the task at its end. */
    async pull(MediaUrl: string, change: object = {}) {
      const ended = end();
      const { TaskId } = await stage.client.PullUpload({ MediaUrl, ...change });
      await ended;
      return taskOf(TaskId);
    },
  };
}
