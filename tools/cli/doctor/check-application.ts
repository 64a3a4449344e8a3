import type { SubAppIdInfo } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import type { EventSettings, VodAccount } from '../cloud/vod-account.ts';
import { isSameUrl, showUrl } from '../show-url.ts';
import { explainFailedCall } from './check-access.ts';
import { finding, type Note, skipped } from './note.ts';

/** Finds out whether there is the application that the functions are told of. */
export function checkApplication(
  subAppId: number | undefined,
  applications: readonly SubAppIdInfo[],
): readonly Note[] {
  const list = applications.map(({ SubAppId }) => SubAppId).join(', ') || 'none';
  if (subAppId === undefined) {
    return [
      finding(
        'application',
        `VOD_SUB_APP_ID is not set; the account has ${list}.`,
        'Set it: accounts since 2023-12-25 cannot do without, and the others name their main application by their AppId.',
      ),
    ];
  }
  const found = applications.find(({ SubAppId }) => SubAppId === subAppId);
  if (found === undefined) {
    return [
      finding(
        'application',
        `The account has no application ${subAppId}; it has ${list}.`,
        'Set VOD_SUB_APP_ID to the number that the VOD console shows, and deploy again.',
      ),
    ];
  }
  if (found.Status === 'On') return [];
  return [
    finding(
      'application',
      `Application ${subAppId} is not in service: its status is ${found.Status}.`,
      'Enable it in the VOD console (Application Management), or set VOD_SUB_APP_ID to another one.',
    ),
  ];
}

/** Finds out whether there is a place to store media. */
export async function checkRegions(account: VodAccount): Promise<readonly Note[]> {
  try {
    const opened = (await account.listRegions()).filter(({ Status }) => Status === 'opened');
    if (opened.length === 0) {
      return [
        finding(
          'regions',
          'No storage region is opened, so nothing can be uploaded.',
          'Open one in the VOD console (Media Upload, Storage Region); it cannot be closed again.',
        ),
      ];
    }
    if (opened.some(({ IsDefault }) => IsDefault)) return [];
    const list = opened.map(({ Region }) => Region).join(', ');
    return [
      finding(
        'regions',
        'No opened storage region is the default one, so nobody can say where uploads go that name none.',
        `Make one of these the default in the VOD console: ${list}.`,
      ),
    ];
  } catch (error) {
    return [explainFailedCall('regions', error)];
  }
}

/** How VOD should report. */
export interface ExpectedNotification {
  readonly mode: 'PUSH' | 'PULL';
  /** Address of the `callback` function, where it is known. */
  readonly callbackUrl: string | undefined;
}

/** Finds out whether VOD reports what happens to media to this backend. */
export function checkNotification(
  present: EventSettings,
  { mode, callbackUrl }: ExpectedNotification,
): readonly Note[] {
  const find = (text: string, remedy = 'Run "vod-upload setup".') =>
    finding('notification', text, remedy);
  const notes: Note[] = [];
  if (present.mode !== mode) {
    notes.push(
      find(
        `VOD's mode is ${present.mode || 'not set'}, and the functions expect ${mode}.`,
        'Run "vod-upload setup", or set VOD_EVENT_MODE to the mode that VOD has.',
      ),
    );
  } else if (mode === 'PUSH') notes.push(...checkCallbackUrl(present.callbackUrl, callbackUrl));
  // The events of saved clips are for those who want them: no upload waits for one.
  if (present.uploadEvents !== 'ON') {
    notes.push(find('Events of finished uploads are switched off, so no upload gets ready.'));
  }
  if (present.deleteEvents !== 'ON') {
    notes.push(find('Events of deletions are switched off, so nobody hears of deleted media.'));
  }
  return notes;
}

function checkCallbackUrl(present: string, expected: string | undefined): readonly Note[] {
  if (present === '') {
    return [finding('notification', 'VOD has no callback address.', 'Run "vod-upload setup".')];
  }
  if (expected === undefined) {
    return [
      skipped(
        'notification',
        `Whether ${showUrl(present)} is the address of the callback function: say it with --callback-url or --region.`,
      ),
    ];
  }
  if (isSameUrl(present, expected)) return [];
  return [
    finding(
      'notification',
      `VOD reports to ${showUrl(present)}, and the callback function is at ${showUrl(expected)}.`,
      'Run "vod-upload setup", with --force where nobody needs the other address any more.',
    ),
  ];
}
