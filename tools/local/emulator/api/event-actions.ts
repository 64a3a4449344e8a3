import * as v from 'valibot';
import { defined } from '../../../../lib/validation/json-object.ts';
import { MAX_PULLED_EVENTS } from '../events/queue-order.ts';
import { apiError } from './api-error.ts';
import { defineAction } from './define-action.ts';
import { application } from './parameters.ts';

const onOff = v.optional(v.picklist(['', 'ON', 'OFF']));

/**
 * https://cloud.tencent.com/document/product/266/33433. Waits for an event in `PULL` mode only: in `PUSH` mode there may
 * be older events, but no new ones.
 */
export const pullEvents = defineAction({
  entries: { ...application, ExtInfo: v.optional(v.string()) },
  async perform(api, _input, signal) {
    const pulled = await api.queue.pull(() => api.settings.read().mode === 'PULL', signal);
    if (pulled.length === 0) {
      if (api.emptyQueue === 'null') return { EventSet: null };
      throw apiError('ResourceNotFound', 'There is no event');
    }
    return { EventSet: pulled.map(({ id, event }) => ({ EventHandle: id, ...event })) };
  },
});

/** https://cloud.tencent.com/document/product/266/33434 */
export const confirmEvents = defineAction({
  entries: {
    ...application,
    EventHandles: v.pipe(
      v.array(v.string()),
      v.minLength(1),
      v.maxLength(MAX_PULLED_EVENTS, `must not have more than ${MAX_PULLED_EVENTS} entries`),
    ),
    ExtInfo: v.optional(v.string()),
  },
  async perform(api, { EventHandles }) {
    if (await api.queue.confirm(EventHandles)) return {};
    throw apiError(
      'InvalidParameterValue',
      'EventHandles: one of them was not pulled within the last 30 seconds, so none is confirmed',
    );
  },
});

/** https://cloud.tencent.com/document/product/266/63204; exact and immediate, unlike the service's. */
export const describeEventsState = defineAction({
  entries: application,
  perform: (api) => ({ CountOfEventsToPull: api.queue.count() }),
});

/** https://cloud.tencent.com/document/product/266/55246 */
export const modifyEventConfig = defineAction({
  entries: {
    ...application,
    Mode: v.optional(v.picklist(['', 'PUSH', 'PULL'])),
    NotificationUrl: v.optional(
      v.pipe(
        v.string(),
        v.check((text) => text === '' || /^https?:\/\//.test(text), 'must be an http or https URL'),
        v.check((text) => text === '' || URL.canParse(text), 'must be a URL'),
      ),
    ),
    UploadMediaCompleteEventSwitch: onOff,
    DeleteMediaCompleteEventSwitch: onOff,
    PersistenceCompleteEventSwitch: onOff,
    SignKey: v.optional(
      v.pipe(v.string(), v.regex(/^[A-Za-z0-9]{0,32}$/, 'must be at most 32 letters and digits')),
    ),
  },
  codes: {
    Mode: 'InvalidParameter',
    NotificationUrl: 'InvalidParameter',
    UploadMediaCompleteEventSwitch: 'InvalidParameter',
    DeleteMediaCompleteEventSwitch: 'InvalidParameter',
    PersistenceCompleteEventSwitch: 'InvalidParameter',
    SignKey: 'InvalidParameter',
  },
  async perform(api, input) {
    const { Mode, NotificationUrl, SignKey } = input;
    const { UploadMediaCompleteEventSwitch, DeleteMediaCompleteEventSwitch } = input;
    const { PersistenceCompleteEventSwitch } = input;
    api.settings.change({
      ...(Mode && { mode: Mode }),
      ...defined({ notificationUrl: NotificationUrl, signKey: SignKey }),
      ...(UploadMediaCompleteEventSwitch && { uploadSwitch: UploadMediaCompleteEventSwitch }),
      ...(DeleteMediaCompleteEventSwitch && { deleteSwitch: DeleteMediaCompleteEventSwitch }),
      ...(PersistenceCompleteEventSwitch && { persistenceSwitch: PersistenceCompleteEventSwitch }),
    });
    await api.state.save();
    return {};
  },
});

/** https://cloud.tencent.com/document/product/266/55247; it never returns `SignKey`. */
export const describeEventConfig = defineAction({
  entries: application,
  perform(api) {
    const { mode, uploadSwitch, deleteSwitch, persistenceSwitch } = api.settings.read();
    return {
      Mode: mode,
      NotificationUrl: api.settings.target().url,
      UploadMediaCompleteEventSwitch: uploadSwitch,
      DeleteMediaCompleteEventSwitch: deleteSwitch,
      PersistenceCompleteEventSwitch: persistenceSwitch,
    };
  },
});
