import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { EventContent } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { EVENT_MEMBERS } from '../../../lib/vod/event.ts';
import { TASK_MEMBERS } from '../../../lib/vod/tasks.ts';
import newest from '../../fixtures/vod-types.json' with { type: 'json' };
import { readVodTypes, type VodTypes } from '../../typings/vod-types.ts';

/** Tasks whose end VOD does not report by an event: `EventContent` has no member with their type. */
const UNREPORTED = [
  'AigcAudioTask',
  'AigcVideoRedrawTask',
  'CloneVoiceAsyncTask',
  'CreateAigcAudioCloneTask',
  'CreateAigcSubjectTask',
  'DesignVoiceAsyncTask',
  'ImportMediaKnowledge',
  'SceneAigcVideoTask',
  'TextToSpeechAsyncTask',
  'VideoDubbingAsyncTask',
];

const models = createRequire(import.meta.url).resolve(
  'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js',
);
const installed = readVodTypes(readFileSync(models.replace(/\.js$/, '.d.ts'), 'utf8'));

const sources: [string, VodTypes][] = [
  [`${newest.package} ${newest.version}`, newest],
  ['the installed SDK', installed],
];

describe.each(sources)('the typings of %s', (_name, { events, tasks }) => {
  it('have no event that EVENT_MEMBERS lacks, or holds in another member', () => {
    const known: Readonly<Record<string, string>> = EVENT_MEMBERS;
    const different = Object.entries(events).filter(([type, member]) => known[type] !== member);

    expect(different).toEqual([]);
  });

  it('have no task that TASK_MEMBERS lacks, except those that are not reported', () => {
    const known: string[] = [...Object.values(TASK_MEMBERS), ...UNREPORTED];
    const missing = Object.entries(tasks).filter(([, member]) => !known.includes(member));

    expect(missing).toEqual([]);
  });
});

describe('the newest typings', () => {
  it('have every event and every task that the tables have', () => {
    expect(Object.keys(newest.events).sort()).toEqual(Object.keys(EVENT_MEMBERS).sort());
    expect(Object.values(newest.tasks).sort()).toEqual(
      [...Object.values(TASK_MEMBERS), ...UNREPORTED].sort(),
    );
  });

  it('have all that the installed ones have; otherwise "npm run typings" is due', () => {
    expect(newest.events).toMatchObject(installed.events);
    expect(newest.tasks).toMatchObject(installed.tasks);
  });

  it('have a member that the installed ones lack, which event.ts declares until they have it', () => {
    expectTypeOf<Extract<keyof EventContent, 'AigcHunyuan3DCompleteEvent'>>().toBeNever();
    expect(Object.keys(installed.events)).not.toContain('AigcHunyuan3DTaskComplete');
  });
});

describe('readVodTypes()', () => {
  const member = (comment: string, name: string) =>
    `    /**\n     * ${comment}\n     */\n    ${name}`;
  const write = (event: string, task: string) =>
    [
      `export interface EventContent {\n${event}\n}`,
      `export interface DescribeTaskDetailResponse {\n${task}\n}`,
      '',
    ].join('\n');
  const task = member('仅当 TaskType 为 Dream，该字段有值。', 'DreamTask?: DreamTask;');

  it('reads the type that a comment names, and leaves out members without one', () => {
    const event = [
      member('事件句柄', 'EventHandle?: string;'),
      member('当事件类型为 DreamComplete 时有效。', 'DreamEvent?: DreamTask;'),
      member('该字段已无效。', 'OldEvent?: OldTask;'),
      member('仅当 EventType 为NightComplete 时有效。', 'NightEvent?: NightTask;'),
    ].join('\n');

    expect(readVodTypes(write(event, task))).toEqual({
      events: { DreamComplete: 'DreamEvent', NightComplete: 'NightEvent' },
      tasks: { Dream: 'DreamTask' },
    });
  });

  it('throws if no comment names a type, since then the comments are written in another way', () => {
    const event = member('A dream has ended.', 'DreamEvent?: DreamTask;');

    expect(() => readVodTypes(write(event, task))).toThrow('no EventContent');
    expect(() => readVodTypes('')).toThrow('no EventContent');
  });
});
