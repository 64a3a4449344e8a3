import * as v from 'valibot';
import { explainEventPattern } from '../model/message-type.ts';
import { apiHost, regionName } from '../validation/fields.ts';
import { vodCredentialsEnvironment } from '../vod/api-config.ts';
import type { DeliveryConfig } from '../webhooks/create-targets.ts';
import {
  type EndpointOptions,
  type ParsedEndpoints,
  parseEndpoints,
  type WebhookEndpoint,
} from '../webhooks/endpoint.ts';
import type { EventBusConfig } from '../webhooks/event-bridge.ts';
import { type Environment, portList, readEnvironment, splitList } from './environment.ts';

/** Host of EventBridge's API. */
const CLOUD_ENDPOINT = 'eb.tencentcloudapi.com';

const variables = v.object({
  WEBHOOK_PORTS: v.optional(portList, ''),
  WEBHOOK_LOOPBACK: v.optional(v.picklist(['allow'], 'must be allow, on your own machine only')),
  EVENT_BUS_ID: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^eb-\w{1,64}$/, 'must be the id of an event bus, such as eb-0a1b2c3d'),
    ),
  ),
  EVENT_BUS_REGION: v.optional(regionName),
  EVENT_BUS_EVENTS: v.optional(
    v.pipe(
      v.string(),
      v.transform(splitList),
      v.minLength(1, 'must name an event type; leave it out to receive all'),
      v.everyItem(
        (pattern) => explainEventPattern(pattern) === undefined,
        'must be a comma-separated list of event types, such as upload.* or vod.PullComplete',
      ),
    ),
    '*',
  ),
  EVENT_BUS_API_ENDPOINT: v.optional(apiHost),
  EVENT_BUS_API_PROTOCOL: v.optional(
    v.picklist(['https', 'http'], 'must be https or http'),
    'https',
  ),
});

const deliveryVariables = v.pipe(
  variables,
  v.forward(
    v.partialCheck(
      [['EVENT_BUS_ID'], ['EVENT_BUS_REGION']],
      (e) => e.EVENT_BUS_ID === undefined || e.EVENT_BUS_REGION !== undefined,
      'must be set where EVENT_BUS_ID is',
    ),
    ['EVENT_BUS_REGION'],
  ),
  // Session tokens are sent in a header: to the cloud, never unencrypted.
  v.forward(
    v.partialCheck(
      [['EVENT_BUS_API_PROTOCOL'], ['EVENT_BUS_API_ENDPOINT']],
      (e) => e.EVENT_BUS_API_PROTOCOL === 'https' || e.EVENT_BUS_API_ENDPOINT !== undefined,
      'must be https unless EVENT_BUS_API_ENDPOINT names another host',
    ),
    ['EVENT_BUS_API_PROTOCOL'],
  ),
);

/**
 * Returns the configured targets; none if there are no variables for them. If there is an event bus, it also checks
 * that there are credentials, which are read again for every call.
 *
 * @throws {ConfigError} that names every wrong field of every endpoint, and never a secret.
 */
export function readDeliveryConfig(environment: Environment): DeliveryConfig {
  const webhooks = v.object({ WEBHOOK_ENDPOINTS: endpointList(environment) });
  const credentials =
    environment['EVENT_BUS_ID'] === undefined ? v.object({}) : vodCredentialsEnvironment;
  const e = readEnvironment([webhooks, deliveryVariables, credentials], environment);
  return Object.freeze({ endpoints: e.WEBHOOK_ENDPOINTS, eventBus: describeEventBus(e) });
}

function endpointList(environment: Environment) {
  const options: EndpointOptions = {
    urlPolicy: { ports: splitList(environment['WEBHOOK_PORTS'] ?? '').map(Number) },
    loopback: environment['WEBHOOK_LOOPBACK'] === 'allow',
  };
  return v.pipe(
    v.optional(v.string(), '[]'),
    v.rawTransform(({ dataset, addIssue, NEVER }): readonly WebhookEndpoint[] => {
      const { endpoints, errors } = readEndpoints(dataset.value, options);
      if (errors === undefined) return endpoints;
      for (const { path, message } of errors) {
        const place = { type: 'object', origin: 'value', input: {}, key: path, value: '' } as const;
        addIssue(path === '' ? { message } : { message, path: [place] });
      }
      return NEVER;
    }),
  );
}

function readEndpoints(text: string, options: EndpointOptions): ParsedEndpoints {
  let input: unknown;
  try {
    input = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which contains secrets.
    return { errors: [{ path: '', message: 'must be JSON' }] };
  }
  return parseEndpoints(input, options);
}

function describeEventBus(e: v.InferOutput<typeof variables>): EventBusConfig | undefined {
  if (e.EVENT_BUS_ID === undefined || e.EVENT_BUS_REGION === undefined) return undefined;
  return {
    busId: e.EVENT_BUS_ID,
    region: e.EVENT_BUS_REGION,
    endpoint: e.EVENT_BUS_API_ENDPOINT ?? CLOUD_ENDPOINT,
    protocol: e.EVENT_BUS_API_PROTOCOL,
    events: e.EVENT_BUS_EVENTS,
  };
}
