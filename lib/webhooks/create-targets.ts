import type { VodCredentials } from '../vod/credentials.ts';
import type { WebhookEndpoint } from './endpoint.ts';
import { createEventBus, type EventBusConfig } from './event-bridge.ts';
import { createWebhookSender, type WebhookDependencies } from './send-webhook.ts';
import type { Target } from './target.ts';

/** Dependencies of the targets. */
export interface TargetDependencies extends WebhookDependencies {
  /** Returns the current credentials, for the event bus. */
  readonly readCredentials: () => VodCredentials;
}

/**
 * Creates all targets: the endpoints, and the event bus if there is one. They keep connections open, so an instance
 * creates them once.
 */
export function createTargets(
  { endpoints, eventBus }: DeliveryConfig,
  { readCredentials, ...dependencies }: TargetDependencies,
): readonly Target[] {
  const sendWebhook = createWebhookSender(dependencies);
  const webhooks = endpoints.map(
    (endpoint): Target => ({
      id: endpoint.id,
      events: endpoint.events,
      send: sendWebhook.bind(undefined, endpoint),
    }),
  );
  return eventBus === undefined
    ? webhooks
    : [...webhooks, createEventBus(eventBus, readCredentials)];
}

/** Configuration of the targets. */
export interface DeliveryConfig {
  readonly endpoints: readonly WebhookEndpoint[];
  readonly eventBus: EventBusConfig | undefined;
}
