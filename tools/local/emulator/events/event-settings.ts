import type { Account } from '../account.ts';
import type { EventConfig, State } from '../state.ts';
import type { NotificationTarget } from './send-notification.ts';

/** Dependencies of the event settings. */
export interface EventSettingsOptions {
  readonly state: Pick<State, 'eventConfigs'>;
  readonly account: Pick<Account, 'subAppId' | 'signKey'>;
  /** Address for notifications until another one is set. */
  readonly callbackUrl: string;
  /** Until another mode is set; `PUSH` by default. */
  readonly eventMode?: EventConfig['mode'];
}

/** How an application gets its events. */
export interface EventSettings {
  read(): EventConfig;
  /** Changes the settings in `change`; the caller saves the state. */
  change(change: Partial<Omit<EventConfig, 'subAppId'>>): void;
  /** Returns the target of notifications in `PUSH` mode. */
  target(): NotificationTarget;
}

/**
 * Returns the event settings in the state. In the service, every switch is `OFF` at first; here all are `ON`, because
 * there is no console to switch them on, and a first upload without its event would look like a bug.
 */
export function createEventSettings(options: EventSettingsOptions): EventSettings {
  const { state, account, callbackUrl, eventMode = 'PUSH' } = options;
  const subAppId = String(account.subAppId);
  const read = (): EventConfig =>
    state.eventConfigs.get(subAppId) ?? {
      subAppId,
      mode: eventMode,
      notificationUrl: null,
      signKey: null,
      uploadSwitch: 'ON',
      deleteSwitch: 'ON',
      persistenceSwitch: 'ON',
    };
  return {
    read,
    change(change) {
      state.eventConfigs.set(subAppId, { ...read(), ...change });
    },
    target() {
      const { notificationUrl, signKey } = read();
      return { url: notificationUrl ?? callbackUrl, signKey: signKey ?? account.signKey };
    },
  };
}
