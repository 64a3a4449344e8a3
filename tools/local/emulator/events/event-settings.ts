import type { Account } from '../account.ts';
import type { EventConfig, State } from '../state.ts';
import type { NotificationTarget } from './send-notification.ts';

/** What event settings are made of. */
export interface EventSettingsOptions {
  readonly state: Pick<State, 'eventConfigs'>;
  readonly account: Pick<Account, 'subAppId' | 'signKey'>;
  /** Where notifications go until another address is set. */
  readonly callbackUrl: string;
  /** Until another mode is set; `PUSH` by default. */
  readonly eventMode?: EventConfig['mode'];
}

/** How the account's application gets its events. */
export interface EventSettings {
  read(): EventConfig;
  /** Changes what `change` has; it has to be saved with the state. */
  change(change: Partial<Omit<EventConfig, 'subAppId'>>): void;
  /** Returns where notifications go in `PUSH` mode. */
  target(): NotificationTarget;
}

/**
 * Returns the settings of events, kept in the state. The service begins with every switch `OFF`; here they begin `ON`,
 * because there is no console to switch them on, and a first upload without its event would look like a defect.
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
