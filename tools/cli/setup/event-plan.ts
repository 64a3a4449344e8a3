import type { ModifyEventConfigRequest } from 'tencentcloud-sdk-nodejs-vod/tencentcloud/services/vod/v20180717/vod_models.js';
import { defined } from '../../../lib/validation/json-object.ts';
import { isSameFunction, isSameUrl } from '../callback-address.ts';
import type { EventSettings } from '../cloud/vod-account.ts';
import { showUrl } from '../show-url.ts';

/** The notification settings that an application should have. */
export interface WantedSettings {
  readonly mode: 'PUSH' | 'PULL';
  /**
   * Address of the `callback` function, with the query that describes a tenant's application; undefined where it is not
   * known, as it may be in `PULL` mode.
   */
  readonly callbackUrl: string | undefined;
  /** Key with which VOD should sign notifications; undefined in `PULL` mode. */
  readonly signKey: string | undefined;
  readonly uploadEvents: 'ON' | 'OFF';
  readonly deleteEvents: 'ON' | 'OFF';
  readonly persistenceEvents: 'ON' | 'OFF';
}

/** One setting that will change. */
export interface Change {
  readonly what: string;
  readonly from: string;
  readonly to: string;
}

/** Returns the differences between the present and the wanted settings, as far as VOD reports them. */
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
 * Returns whether the change would end another program's notifications: by replacing its address, or by a mode in which
 * its address is no longer called. This backend's own address does not count, with any application in its query.
 */
export function isTakeover(present: EventSettings, wanted: WantedSettings): boolean {
  if (present.callbackUrl === '' || isSameFunction(present.callbackUrl, wanted.callbackUrl ?? '')) {
    return false;
  }
  return wanted.mode === 'PUSH' || present.mode !== 'PULL';
}

/**
 * Returns the request for the wanted settings. It always has all switches: what ModifyEventConfig does with one that is
 * left out is not documented, and its default is `OFF`.
 */
export function toRequest(wanted: WantedSettings): Omit<ModifyEventConfigRequest, 'SubAppId'> {
  const { mode, callbackUrl, signKey } = wanted;
  return {
    Mode: mode,
    // In PULL mode no address is called; an address that is left out stays as it is.
    ...(mode === 'PUSH' && callbackUrl !== undefined ? { NotificationUrl: callbackUrl } : {}),
    ...defined({ SignKey: signKey }),
    UploadMediaCompleteEventSwitch: wanted.uploadEvents,
    DeleteMediaCompleteEventSwitch: wanted.deleteEvents,
    PersistenceCompleteEventSwitch: wanted.persistenceEvents,
  };
}
