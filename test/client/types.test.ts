import { describe, expectTypeOf, it } from 'vitest';
import TcVod from 'vod-js-sdk-v6';
import { createInspector } from '../../client/mediainfo.ts';
import type { createVodApi, UploadRecord, verifyWebhook } from '../../client/node.ts';
import { useVodUpload } from '../../client/react.ts';
import type {
  createVodUpload,
  InspectFile,
  Problem,
  SdkSource,
  UploadState,
  VodUpload,
} from '../../client/vod-upload.ts';

// These are about types alone, which `tsc -p test/client` checks.
describe('types', () => {
  it('take the vendor’s SDK however it is imported', () => {
    expectTypeOf(() => import('vod-js-sdk-v6')).toExtend<SdkSource>();
    expectTypeOf(() => TcVod).toExtend<SdkSource>();
    expectTypeOf(() => 'no SDK').not.toExtend<SdkSource>();
  });

  it('know what each state has', () => {
    const show = (state: UploadState) => {
      switch (state.name) {
        case 'uploading':
          return expectTypeOf(state.loaded).toEqualTypeOf<number>();
        case 'ready':
          return expectTypeOf(state.upload).toEqualTypeOf<UploadRecord>();
        case 'failed':
          return expectTypeOf(state.problem).toEqualTypeOf<Problem>();
        default:
          return expectTypeOf(state).not.toHaveProperty('problem');
      }
    };
    expectTypeOf(show).toBeFunction();
    expectTypeOf<UploadState['name']>().toEqualTypeOf<
      | ('waiting' | 'preparing' | 'uploading' | 'paused' | 'processing')
      | ('ready' | 'failed' | 'cancelled' | 'stopped')
    >();
  });

  it('know with what waiting ends', () => {
    type Until = VodUpload['until'];
    expectTypeOf<Until>().toBeCallableWith('ready');
    const wait = async (upload: VodUpload) => {
      expectTypeOf(await upload.until('ready')).toExtend<{ upload: UploadRecord }>();
      expectTypeOf(await upload.until('processing')).toExtend<{ fileId: string | undefined }>();
      // @ts-expect-error: nobody can wait for a pause
      await upload.until('paused');
    };
    expectTypeOf(wait).toBeFunction();
  });

  it('accept only what the service accepts', () => {
    const ask = (upload: ReturnType<typeof createVodUpload>['upload'], file: File) => {
      upload(file, { request: { classId: 7, limits: { mediaTypes: ['mp4'] } } });
      // @ts-expect-error: a class is a number
      upload(file, { request: { classId: '7' } });
      // @ts-expect-error: one upload has one id, which the client chooses
      upload(file, { request: { uploadId: 'x' } });
    };
    expectTypeOf(ask).toBeFunction();
    expectTypeOf<Parameters<typeof createVodApi>[0]['token']>().toEqualTypeOf<
      Parameters<typeof createVodUpload>[0]['token']
    >();
  });

  it('tell messages apart by their type, and keep unknown ones', () => {
    const read = (message: ReturnType<typeof verifyWebhook>) => {
      if (message.type === 'upload.ready') {
        expectTypeOf(message.data.state).toEqualTypeOf<'ready'>();
        expectTypeOf(message.data.fileId).toEqualTypeOf<string | undefined>();
      } else if (message.type === 'vod.NewFileUpload') {
        expectTypeOf(message.data.EventType).toEqualTypeOf<string>();
        expectTypeOf(message.data.confirmed).toEqualTypeOf<false | undefined>();
      }
      expectTypeOf(message.id).toEqualTypeOf<string>();
    };
    expectTypeOf(read).toBeFunction();
  });

  it('know the outcome of each call', () => {
    const call = async (api: ReturnType<typeof createVodApi>) => {
      expectTypeOf(await api.pull({ mediaUrl: 'x' })).toHaveProperty('uploadId');
      const [item] = await api.pullAll([{ mediaUrl: 'x' }]);
      if (item !== undefined && 'problem' in item) expectTypeOf(item.problem.code).toBeString();
      for await (const upload of api.uploads.list({ state: 'ready' })) {
        expectTypeOf(upload).toEqualTypeOf<UploadRecord>();
      }
      // @ts-expect-error: there is no such state
      api.uploads.list({ state: 'done' });
    };
    expectTypeOf(call).toBeFunction();
  });

  it('fit together', () => {
    expectTypeOf(useVodUpload).parameter(0).toEqualTypeOf<ReturnType<typeof createVodUpload>>();
    expectTypeOf(createInspector).returns.toEqualTypeOf<InspectFile>();
  });
});
