import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { OutgoingRequest, Transport } from '../../../client/put/transport.ts';
import { uploadFile } from '../../../client/put/upload-file.ts';
import { perTest } from '../../support/per-test.ts';
import { MEBIBYTE, openPutStage, sentParts } from './put-stage.ts';

const stage = perTest(() => openPutStage());

/** Returns a transport that changes a byte of each body for which `isBad`. */
function damaging(
  { send, close }: Transport,
  isBad: (request: OutgoingRequest) => boolean,
): Transport {
  return {
    close,
    send(request) {
      const { body } = request;
      if (body === undefined || !isBad(request)) return send(request);
      const chunks = async function* () {
        for await (const chunk of body.chunks()) {
          const copy = Buffer.from(chunk);
          copy[0] = (copy[0] ?? 0) ^ 1;
          yield copy;
        }
      };
      return send({ ...request, body: { ...body, chunks } });
    },
  };
}

const isPart = ({ url }: OutgoingRequest) => url.searchParams.has('partNumber');

it('sends a part again that storage has otherwise', async () => {
  const path = await stage.write('film.mp4', 4 * MEBIBYTE);
  let damages = 2;
  const transport = damaging(stage.environment.transport, (request) => {
    if (!isPart(request) || damages === 0) return false;
    damages -= 1;
    return true;
  });

  const { isNew } = await uploadFile(stage.request(path), { ...stage.environment, transport });

  expect(isNew).toBe(true);
  expect(sentParts(stage)).toHaveLength(6);
});

it('makes nothing of a file that storage always has otherwise, and leaves nothing', async () => {
  const path = await stage.write('film.mp4', 4 * MEBIBYTE);
  const transport = damaging(stage.environment.transport, isPart);

  const put = uploadFile(stage.request(path), { ...stage.environment, transport });

  await expect(put).rejects.toMatchObject({
    code: 'corrupted',
    message: expect.stringMatching(
      /^Storage has the CRC-64 \d+; the file has \d+\. Nothing was made of it/,
    ),
  });
  expect(await readdir(join(stage.emulator.dir, 'storage', 'uploads'))).toEqual([]);
  expect((await stage.emulator.client.SearchMedia({})).TotalCount).toBe(0);
});
