import type { SubAppIdInfo } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { APPLICATION_PARAMETER } from '../../../lib/policy/applications.ts';
import { addressFor, isAddressFor, isSameFunction, isSameUrl } from '../callback-address.ts';
import type { EventSettings, VodAccount } from '../cloud/vod-account.ts';
import { showUrl } from '../show-url.ts';
import { explainFailedCall } from './check-access.ts';
import { finding, type Note, skipped } from './note.ts';

/** An application that should exist. */
export interface ExpectedApplication {
  readonly subAppId: number | undefined;
  /** Whether it is a tenant's application; otherwise it is the service's own. */
  readonly isTenants: boolean;
  /** Whether it is the only one, so that messages need not name it. */
  readonly isOnly: boolean;
}

/** Finds out whether the application exists that the functions are configured with. */
export function checkApplication(
  { subAppId, isTenants, isOnly }: ExpectedApplication,
  existing: readonly SubAppIdInfo[],
): readonly Note[] {
  const list = existing.map(({ SubAppId }) => SubAppId).join(', ') || 'none';
  const find = (text: string, remedy: string) => [finding('application', text, remedy)];
  if (subAppId === undefined) {
    return isOnly
      ? find(
          `VOD_SUB_APP_ID is not set; the account has ${list}.`,
          'Set VOD_SUB_APP_ID: accounts made since 2023-12-25 require it, and in older ones the number of the main application is the AppId.',
        )
      : find(
          `VOD_SUB_APP_ID is not set, and must be where there are tenants; the account has ${list}.`,
          "Set VOD_SUB_APP_ID to the service's own application, and deploy again.",
        );
  }
  const found = existing.find(({ SubAppId }) => SubAppId === subAppId);
  if (found === undefined) {
    return isTenants
      ? find(
          `The account has no application ${subAppId}, which policy.tenants names; it has ${list}.`,
          'Correct the number in custom.upload of serverless.yml to what the VOD console shows, and deploy again.',
        )
      : find(
          `The account has no application ${subAppId}; it has ${list}.`,
          'Set VOD_SUB_APP_ID to the number that the VOD console shows, and deploy again.',
        );
  }
  if (found.Status === 'On') return [];
  const other = isTenants ? 'give its tenant another one' : 'set VOD_SUB_APP_ID to another one';
  return find(
    `Application ${subAppId} is not in service: its status is ${found.Status}.`,
    `Enable it in the VOD console (Application Management), or ${other}.`,
  );
}

/** Finds out whether the application has a storage region. */
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
        'No opened storage region is the default one, so it is unknown where uploads go that name none.',
        `Make one of these the default in the VOD console: ${list}.`,
      ),
    ];
  } catch (error) {
    return [explainFailedCall('regions', error)];
  }
}

const SETUP = 'Run "vod-upload setup".';

/** The notification settings that VOD should have. */
export interface ExpectedNotification {
  readonly mode: 'PUSH' | 'PULL';
  /** Address of the `callback` function, where it is known. */
  readonly callbackUrl: string | undefined;
  /** The tenant's application; undefined for the service's own. */
  readonly tenantsApplication: number | undefined;
}

/** Finds out whether VOD reports events of media to this backend. */
export function checkNotification(
  present: EventSettings,
  expected: ExpectedNotification,
): readonly Note[] {
  const { mode } = expected;
  const find = (text: string, remedy = SETUP) => finding('notification', text, remedy);
  const notes: Note[] = [];
  if (present.mode !== mode) {
    notes.push(
      find(
        `VOD's mode is ${present.mode || 'not set'}, and the functions expect ${mode}.`,
        'Run "vod-upload setup", or set VOD_EVENT_MODE to the mode that VOD has.',
      ),
    );
  } else if (mode === 'PUSH') notes.push(...checkCallbackUrl(present.callbackUrl, expected));
  // Events of saved clips are optional: no upload waits for one.
  if (present.uploadEvents !== 'ON') {
    notes.push(find('Events of finished uploads are switched off, so no upload becomes ready.'));
  }
  if (present.deleteEvents !== 'ON') {
    notes.push(find('Events of deletions are switched off, so deletions are not reported.'));
  }
  return uniteNeeds(notes);
}

/** Returns the notes with all those that "vod-upload setup" repairs united in one finding. */
function uniteNeeds(notes: readonly Note[]): readonly Note[] {
  const isRepaired = (note: Note) => note.kind === 'finding' && note.remedy === SETUP;
  const repaired = notes.filter(isRepaired).map(({ text }) => text);
  const others = notes.filter((note) => !isRepaired(note));
  return repaired.length === 0
    ? others
    : [...others, finding('notification', repaired.join(' '), SETUP)];
}

function checkCallbackUrl(
  present: string,
  { callbackUrl, tenantsApplication }: ExpectedNotification,
): readonly Note[] {
  const find = (text: string, remedy = SETUP) => [finding('notification', text, remedy)];
  if (present === '') return find('VOD has no callback address.');
  const isOurs = isSameFunction(present, callbackUrl ?? present);
  if (isOurs && !isAddressFor(present, tenantsApplication)) {
    const fault =
      tenantsApplication === undefined
        ? `with the query ${APPLICATION_PARAMETER}, which is for tenants`
        : `without the query ${APPLICATION_PARAMETER}=${tenantsApplication}`;
    return find(
      `VOD reports to ${showUrl(present)}, ${fault}, so the media are looked for in another application.`,
    );
  }
  if (callbackUrl === undefined) {
    return [
      skipped(
        'notification',
        `Whether ${showUrl(present)} is the address of the callback function: set it with --callback-url or --region.`,
      ),
    ];
  }
  const right = addressFor(callbackUrl, tenantsApplication);
  if (isSameUrl(present, right)) return [];
  return find(
    `VOD reports to ${showUrl(present)}, and the callback function is at ${showUrl(right)}.`,
    'Run "vod-upload setup", with --force if nothing needs the other address any more.',
  );
}
