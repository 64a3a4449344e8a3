import type { Client, Uploaded, UploadPlan } from '../support/clients/client.ts';
import {
  limitSpeed,
  signatureRequestOf,
  stopAfterThreeParts,
  tenantOf,
} from '../support/clients/client-stage.ts';
import type { BrowserStage } from './browser-stage.ts';
import { openSdkPage, type SdkPage } from './sdk-page.ts';

const IN_SMALL_PARTS = { chunkSize: 1024 * 1024, chunkParallelLimit: 2 };

/** Returns the version at the path `sdk` of the vendor's Web SDK, on one page of the stage's stack. */
export function createWebClient(stage: BrowserStage, sdk: string): Client {
  let opened: Promise<SdkPage> | undefined;
  const open = () => {
    opened ??= openSdkPage(stage.browser, stage.stack.origin, { sdk });
    return opened;
  };
  return {
    async upload(plan) {
      const app = await open();
      return startUpload(app, stage.stack.origin, plan);
    },
    async resume(media) {
      const app = await open();
      const stopped = await stopAfterThreeParts(stage.stack);
      await app.start('interrupted', planOf({ media }));
      const stored = await stopped();
      await app.page.reload();
      await limitSpeed(stage.stack, null);
      return { uploaded: await startUpload(app, stage.stack.origin, { media }), stored };
    },
  };
}

async function startUpload(app: SdkPage, origin: string, plan: UploadPlan): Promise<Uploaded> {
  const { media, film: body } = plan;
  const url = `${origin}/app/${media.name}`;
  if (body !== undefined) await app.page.route(url, (route) => route.fulfill({ body }));
  const file = body === undefined ? media : { name: media.name, url };
  const id = String(media.seed);
  await app.start(id, { ...planOf(plan), media: file });
  const { done, error, uploadId } = await app.ends(id);
  if (done === undefined) throw new Error(`${error?.code} ${error?.message}`);
  const coverUrl = done.cover?.url;
  return {
    ...{ fileId: done.fileId, mediaUrl: done.video?.url ?? '' },
    ...(coverUrl === undefined ? {} : { coverUrl }),
    ...(uploadId === undefined ? {} : { uploadId }),
  };
}

function planOf(plan: UploadPlan): Parameters<SdkPage['start']>[1] {
  const { media, cover, wish, signature } = plan;
  const expireTime = wish?.expireTime;
  return {
    media,
    ...(cover === undefined ? {} : { cover }),
    ...(signature === undefined ? {} : { reuseSignature: signature }),
    request: signatureRequestOf(plan),
    caller: { claims: { org: tenantOf(plan) } },
    options: { ...IN_SMALL_PARTS, ...(expireTime === undefined ? {} : { expireTime }) },
  };
}
