import * as v from 'valibot';
import type { TriggerSpec } from '../triggers.ts';

/** The cloud's description of a trigger, as far as it is read. */
export const triggerState = v.object({
  TriggerName: v.string(),
  Type: v.string(),
  TriggerDesc: v.optional(v.nullable(v.string()), ''),
  // A number in the documentation, and a text in some answers.
  Enable: v.optional(v.nullable(v.union([v.number(), v.string(), v.boolean()]))),
  Qualifier: v.optional(v.nullable(v.string())),
});

/** A trigger as the cloud has it. */
export type TriggerState = v.InferOutput<typeof triggerState>;

/** Returns the parameter `TriggerDesc` of the cloud's API. */
export function writeTriggerDescription(spec: TriggerSpec): string {
  if (spec.type === 'timer') return spec.cron;
  return JSON.stringify(spec.type === 'http' ? URL_DESCRIPTION : describeGateway(spec.path));
}

/**
 * A public Function URL: the functions themselves authenticate callers and answer preflights with exact origins. With
 * the platform's CORS in addition, answers would have the headers twice.
 *
 * @see https://cloud.tencent.com/document/product/583/100227
 */
const URL_DESCRIPTION = {
  AuthType: 'NONE',
  NetConfig: { EnableIntranet: false, EnableExtranet: true },
  CorsConfig: { Enable: false },
};

/** @see https://cloud.tencent.com/document/product/583/39901 */
function describeGateway(path: string) {
  return {
    api: {
      authRequired: 'FALSE',
      // The functions answer preflights and wrong methods themselves.
      requestConfig: { method: 'ANY', path },
      isIntegratedResponse: 'TRUE',
      enableCORS: 'FALSE',
      serviceTimeout: GATEWAY_SECONDS,
    },
    service: { serviceName: 'SCF_API_SERVICE' },
    release: { environmentName: 'release' },
  };
}

/** The timeout of the slowest function. */
const GATEWAY_SECONDS = 60;

/** Returns the cloud's trigger for `spec`. A version of a function has one URL, which matches under any name. */
export function findTrigger(
  spec: TriggerSpec,
  states: readonly TriggerState[],
): TriggerState | undefined {
  return states.find(
    ({ Type, TriggerName }) =>
      Type === spec.type && (spec.type === 'http' || TriggerName === spec.name),
  );
}

/** Returns whether the cloud's trigger is as `spec` describes it. */
export function isUpToDate(spec: TriggerSpec, state: TriggerState): boolean {
  if (isEnabled(state) !== spec.enable) return false;
  if (spec.type === 'timer') return readCron(state) === spec.cron;
  const wanted = spec.type === 'http' ? URL_DESCRIPTION : describeGateway(spec.path);
  const { service: _made, ...compared } = { service: undefined, ...wanted };
  return includes(parseJson(state.TriggerDesc), compared);
}

/** Returns whether a trigger of the cloud is switched on. */
export function isEnabled({ Enable }: TriggerState): boolean {
  return Enable === 1 || Enable === '1' || Enable === true || Enable === 'OPEN';
}

/** The cloud returns a timer's description as JSON. */
function readCron({ TriggerDesc }: TriggerState): string {
  const description = parseJson(TriggerDesc);
  const cron =
    typeof description === 'object' && description !== null
      ? Reflect.get(description, 'cron')
      : TriggerDesc;
  return typeof cron === 'string' ? cron : '';
}

/** Returns whether `actual` has everything in `wanted`; it may leave out what is off, and have more. */
function includes(actual: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) {
    return actual === wanted || (wanted === false && (actual === undefined || actual === null));
  }
  return Object.entries(wanted).every(([key, value]) =>
    includes(
      typeof actual === 'object' && actual !== null ? Reflect.get(actual, key) : undefined,
      value,
    ),
  );
}

/** Returns the address of a Function URL or API Gateway, without a slash at its end. */
export function readAddress({ Type, TriggerDesc }: TriggerState): string | undefined {
  const description = parseJson(TriggerDesc);
  const address =
    Type === 'http'
      ? readPath(description, ['NetConfig', 'ExtranetUrl'])
      : readPath(description, ['service', 'subDomain']);
  if (typeof address !== 'string' || address === '') return undefined;
  const withProtocol = /^https?:\/\//.test(address) ? address : `https://${address}`;
  return withProtocol.replace(/\/+$/, '');
}

function readPath(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? Reflect.get(inner, key) : undefined,
    value,
  );
}

function parseJson(json: string | null): unknown {
  try {
    return JSON.parse(json ?? '');
  } catch {
    return undefined;
  }
}
