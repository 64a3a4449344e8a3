import { hash } from 'node:crypto';
import * as v from 'valibot';
import { explainEventPattern } from '../model/message-type.ts';
import type { FieldError } from '../problem.ts';
import { checkFields, findUnknownFields } from '../validation/fields.ts';
import { checkPublicUrl, type UrlPolicy } from '../validation/public-url.ts';
import { createSigner, explainSecret, type SignMessage } from './message.ts';

/** A destination of webhooks. Its secrets are inside `sign`, where no log or error can show them. */
export interface WebhookEndpoint {
  /** Derived from the URL alone: it does not change with secrets, filters or the order of endpoints. */
  readonly id: string;
  readonly url: string;
  /** Patterns of the message types that it is sent, for `matchesEvent`. */
  readonly events: readonly string[];
  readonly sign: SignMessage;
  /** Whether it is on this machine, which only the local stack allows. */
  readonly loopback: boolean;
}

/** Rules for endpoints. */
export interface EndpointOptions {
  /** Hosts and ports; the other rules for pulls apply too. */
  readonly urlPolicy: UrlPolicy;
  /** Whether endpoints on this machine are allowed, also over http: for the local stack. */
  readonly loopback: boolean;
}

/** Endpoints, or everything that is wrong with them; paths begin at the list. */
export type ParsedEndpoints =
  | { readonly endpoints: readonly WebhookEndpoint[]; readonly errors?: undefined }
  | { readonly errors: readonly FieldError[]; readonly endpoints?: undefined };

/** Most endpoints, so that each can have its own connection at any time. */
const MAX_ENDPOINTS = 15;

const PROTOCOLS: ReadonlySet<string> = new Set(['http:', 'https:']);

const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Returns the endpoints that `input` describes: a list of `{ url, secret, events? }`. Errors quote no secret, and of a
 * URL at most the host.
 */
export function parseEndpoints(input: unknown, options: EndpointOptions): ParsedEndpoints {
  if (!Array.isArray(input)) {
    return { errors: [{ path: '', message: 'must be a list of { url, secret, events }' }] };
  }
  const entries: readonly unknown[] = input;
  if (entries.length > MAX_ENDPOINTS) {
    const message = `must have at most ${MAX_ENDPOINTS} endpoints; it has ${entries.length}`;
    return { errors: [{ path: '', message }] };
  }
  const errors: FieldError[] = [];
  const endpoints = new Map<string, WebhookEndpoint>();
  const schema = endpointSchema(options);
  for (const [place, entry] of entries.entries()) {
    const checked = checkFields(schema, entry, (raw) => findUnknownFields(raw, schema.entries));
    if (checked.errors !== undefined) {
      errors.push(...checked.errors.map((error) => prefix(place, error)));
      continue;
    }
    const { url, secret, events } = checked.output;
    if (endpoints.has(url)) {
      errors.push(prefix(place, { path: 'url', message: 'must not appear twice' }));
    }
    endpoints.set(url, {
      id: `webhook_${hash('sha256', url).slice(0, 16)}`,
      url,
      events,
      sign: createSigner(secret),
      loopback: isLoopback(url),
    });
  }
  return errors.length === 0 ? { endpoints: [...endpoints.values()] } : { errors };
}

function prefix(place: number, { path, message }: FieldError): FieldError {
  return { path: path === '' ? String(place) : `${place}.${path}`, message };
}

function endpointSchema(options: EndpointOptions) {
  return v.object(
    {
      url: v.pipe(
        v.string('must be a string'),
        v.rawTransform(({ dataset, addIssue, NEVER }) => {
          const checked = checkUrl(dataset.value, options);
          if ('href' in checked) return checked.href;
          addIssue({ message: checked.reason });
          return NEVER;
        }),
      ),
      secret: v.pipe(
        v.string('must be a string'),
        v.rawTransform(({ dataset, addIssue, NEVER }) => {
          const secrets = dataset.value.split(' ');
          const message = secrets.map(explainSecret).find((reason) => reason !== undefined);
          if (message === undefined) return secrets;
          addIssue({ message });
          return NEVER;
        }),
      ),
      events: v.optional(
        v.pipe(
          v.array(eventPattern, 'must be a list of event types'),
          v.minLength(1, 'must name an event type; leave it out to receive all'),
        ),
        ['*'],
      ),
    },
    'must be given',
  );
}

const eventPattern = v.pipe(
  v.string('must be a string'),
  v.rawCheck(({ dataset, addIssue }) => {
    const message = dataset.typed ? explainEventPattern(dataset.value) : undefined;
    if (message !== undefined) addIssue({ message });
  }),
);

function checkUrl(text: string, { urlPolicy, loopback }: EndpointOptions) {
  if (loopback && isLoopback(text)) return { href: new URL(text).href };
  const checked = checkPublicUrl(text, urlPolicy);
  // A signature does not encrypt, so without https an attacker on the way could read the messages.
  return 'href' in checked && !checked.href.startsWith('https:')
    ? { reason: 'must begin with https://' }
    : checked;
}

function isLoopback(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash: fragment } = new URL(text);
  const plain = username === '' && password === '' && fragment === '';
  return plain && PROTOCOLS.has(protocol) && LOOPBACK_HOSTS.has(hostname);
}
