import type { ModifyEventConfigRequest } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { defined } from '../../../lib/validation/json-object.ts';
import { isSameFunction, isSameUrl } from '../callback-address.ts';
import type { EventSettings } from '../cloud/vod-account.ts';
import { showUrl } from '../show-url.ts';

/** How an application shall learn of what happens to its media. */
export interface WantedSettings {
  readonly mode: 'PUSH' | 'PULL';
  /**
   * Address of the `callback` function, with the query that describes a tenant's application; undefined where it is not
   * known, as it may be in `PULL` mode.
   */
  readonly callbackUrl: string | undefined;
  /** Key that VOD shall sign notifications with; undefined in `PULL` mode. */
  readonly signKey: string | undefined;
  readonly uploadEvents: 'ON' | 'OFF';
  readonly deleteEvents: 'ON' | 'OFF';
  readonly persistenceEvents: 'ON' | 'OFF';
}

/** One thing that will be different. */
export interface Change {
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

/** Returns what is different between how it is and how it shall be, as far as VOD tells. */
export function listChanges(present: EventSettings, wanted: WantedSettings): readonly Change[] {
  const changes: Change[] = [];
  const compare = (what: string, from: string, to: string) => {
    if (from !== to) changes.push({ what, from: from || 'not set', to });
  };
  compare('mode', present.mode, wanted.mode);
  const { callbackUrl = '' } = wanted;
  if (wanted.mode === 'PUSH' && !isSameUrl(present.callbackUrl, callbackUrl)) {
    const to = showUrl(callbackUrl);
    const from = showUrl(present.callbackUrl);
    changes.push({
      what: 'callback address',
      from,
      to: from === to ? `${to} (another query)` : to,
    });
  }
  compare('upload events', present.uploadEvents, wanted.uploadEvents);
  compare('delete events', present.deleteEvents, wanted.deleteEvents);
  compare('persistence events', present.persistenceEvents, wanted.persistenceEvents);
  return changes;
}

/**
 * Returns whether the change takes somebody else's notifications away: by another address in place of theirs, or by a
 * mode in which theirs hears nothing any more. This backend's own address is nobody else's, whichever application it
 * has in its query.
 */
export function isTakeover(present: EventSettings, wanted: WantedSettings): boolean {
  if (present.callbackUrl === '' || isSameFunction(present.callbackUrl, wanted.callbackUrl ?? '')) {
    return false;
  }
  return wanted.mode === 'PUSH' || present.mode !== 'PULL';
}

/**
 * Returns the request that makes it so. It always says everything: what ModifyEventConfig does with a switch that is
 * left out is not documented, and its default is `OFF`.
 */
export function toRequest(wanted: WantedSettings): Omit<ModifyEventConfigRequest, 'SubAppId'> {
  const { mode, callbackUrl, signKey } = wanted;
  return {
    Mode: mode,
    // In PULL mode nobody is called; an address that is left out stays as it is.
    ...(mode === 'PUSH' && callbackUrl !== undefined ? { NotificationUrl: callbackUrl } : {}),
    ...defined({ SignKey: signKey }),
    UploadMediaCompleteEventSwitch: wanted.uploadEvents,
    DeleteMediaCompleteEventSwitch: wanted.deleteEvents,
    PersistenceCompleteEventSwitch: wanted.persistenceEvents,
  };
}
