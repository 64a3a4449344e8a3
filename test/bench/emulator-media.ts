import { once } from 'node:events';
import type { WriteStream } from 'node:fs';
import { isoTimeOf } from '../../tools/local/emulator/new-media.ts';
import { buildPullTask } from '../../tools/local/emulator/pull/pull-task.ts';
import type { Media, Pull } from '../../tools/local/emulator/state.ts';

const ORIGIN = 'http://localhost:3001';

/** Returns the id of the media with this number. */
export function fileIdOf(index: number): string {
  return String(5_285_890_780_000_000 + index);
}

/** Writes the state of an emulator with `count` media that were pulled in the last hours, and ends `output`. */
export async function writeMedia(output: WriteStream, count: number): Promise<void> {
  output.write('{"version":2}\n');
  const begin = Date.now() - 10 * 3_600_000;
  for (let index = 0; index < count; index += 1) {
    const time = isoTimeOf(new Date(begin + (index * 9 * 3_600_000) / count));
    const media = buildMedia(index, time);
    const pull = buildPull(index, time, media);
    const line = [
      ['media', media.fileId, media],
      ['pulls', pull.taskId, pull],
    ];
    if (!output.write(`${JSON.stringify(line)}\n`)) await once(output, 'drain');
  }
  output.end();
  await once(output, 'close');
}

function buildMedia(index: number, time: string): Media {
  const fileId = fileIdOf(index);
  const path = `/vodlocal01/${fileId}/video${index}.mp4`;
  return {
    ...{ fileId, name: `Episode ${index} of a series`, type: 'mp4', category: 'Video' },
    ...{ mediaPath: path, coverPath: null, mediaUrl: `${ORIGIN}/media${path}`, coverUrl: '' },
    ...{ createTime: time, updateTime: time, expireTime: '9999-12-31T23:59:59Z', classId: 0 },
    ...{ storageRegion: 'ap-singapore', sourceContext: `c2.${'x'.repeat(180)}` },
    ...{ procedureTaskId: '', description: '', tags: [] },
    metaData: {
      ...{ Size: 5_000_000 + index, Container: 'mov,mp4,m4a,3gp,3g2,mj2', Bitrate: 1_200_000 },
      ...{ Height: 720, Width: 1_280, Duration: 33.3, Rotate: 0, Md5: '' },
      VideoStreamSet: [{ Bitrate: 1_000_000, Height: 720, Width: 1_280, Codec: 'h264', Fps: 25 }],
      AudioStreamSet: [{ Bitrate: 128_000, SamplingRate: 48_000, Codec: 'aac' }],
      ...{ VideoDuration: 33.3, AudioDuration: 33.3 },
    },
  };
}

function buildPull(index: number, time: string, media: Media): Pull {
  const pull: Pull = {
    taskId: `1500000001-pull-${index.toString(16).padStart(32, '0')}`,
    ...{ status: 'FINISH', errCode: 0, message: 'SUCCESS', fileId: media.fileId },
    ...{ createTime: time, beginTime: time, finishTime: time },
    expiresAt: Math.floor(Date.parse(time) / 1_000) + 259_200,
    mediaUrl: `https://media.example.com/series/${index}.mp4`,
    ...{ mediaType: 'mp4', mediaName: media.name, coverUrl: null, procedure: null },
    ...{ taskPriority: 0, mediaExpireTime: null, storageRegion: 'ap-singapore', classId: 0 },
    ...{ sessionContext: '', sessionId: `pull-${index}`, sourceContext: media.sourceContext },
    task: null,
  };
  return { ...pull, task: buildPullTask(pull, media, 100, new Map()) };
}
