import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, extname, join } from 'node:path';
import { createViteServer } from 'vitest/node';
import { listBlocks, ROOT } from '../documents/documents.ts';

/** The address of the local stack in the documents. */
export const DOCUMENTED_ORIGIN = 'http://localhost:3000';

/** Returns the blocks of code of a document by the name in their first line, a comment. */
export function readBlocks(document = 'docs/front-end.md'): ReadonlyMap<string, string> {
  const named = /^(?:\/\/|<!--) (.+?)(?: -->)?\n/;
  return new Map(
    listBlocks(document).flatMap(({ text: block }) => {
      const [line = '', name] = named.exec(block) ?? [];
      return name === undefined ? [] : [[name, block.slice(line.length)] as const];
    }),
  );
}

/** Writes the documented files into `folder`, each as `change` returns it, next to the packages of this project. */
export async function writeApp(
  folder: string,
  change: (text: string, path: string) => string,
): Promise<void> {
  for (const [path, text] of readBlocks()) {
    if (extname(path) === '' || path.includes(' ')) continue;
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, change(text, path));
  }
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
}

/** A server of an app, on its own port. */
export interface AppServer {
  readonly port: number;
  close(): Promise<void>;
}

const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.js': 'text/javascript' };

/** Serves the files of `folder` like any static server, on every address of this machine. */
export async function serveFiles(folder: string): Promise<AppServer> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://app');
    readFile(join(folder, pathname)).then(
      (content) => {
        const type = TYPES[extname(pathname)] ?? 'application/octet-stream';
        response.writeHead(200, { 'Content-Type': type }).end(content);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((listening) => server.listen(0, listening));
  return { port: portOf(server), close: () => closeServer(server) };
}

/** Serves `folder` with Vite, with the documented configuration if `configFile` names it. */
export async function serveWithVite(
  folder: string,
  configFile: string | false,
): Promise<AppServer> {
  const vite = await createViteServer({
    ...{ root: folder, configFile, logLevel: 'silent', cacheDir: join(folder, '.vite') },
    server: { port: 0, host: '127.0.0.1' },
  });
  await vite.listen();
  return { port: portOf(vite.httpServer), close: () => vite.close() };
}

function portOf(server: { address(): AddressInfo | string | null } | null): number {
  const address = server?.address();
  if (typeof address !== 'object' || address === null) throw new Error('The app is not served');
  return address.port;
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((closed) => server.close(() => closed()));
}
