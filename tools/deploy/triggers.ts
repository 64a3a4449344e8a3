import * as v from 'valibot';
import { DeployError } from './deploy-error.ts';

/** A trigger of a function. */
export type TriggerSpec = TimerSpec | HttpSpec;

interface TimerSpec {
  readonly type: 'timer';
  readonly name: string;
  readonly enable: boolean;
  /** Second, minute, hour, day, month, weekday, year. */
  readonly cron: string;
}

interface HttpSpec {
  /** A Function URL, or API Gateway for accounts that still have it. */
  readonly type: 'http' | 'apigw';
  readonly name: string;
  readonly enable: boolean;
  /** Path that clients call; a Function URL passes every path to its function. */
  readonly path: string;
}

const httpTrigger = v.optional(v.picklist(['url', 'apigw'], 'must be url or apigw'), 'url');

const enable = v.pipe(
  v.optional(v.unknown(), null),
  v.boolean('must be true or false: what is left out, the cloud turns off'),
);

const event = v.union([
  v.strictObject({
    http: v.strictObject({
      path: v.pipe(v.string(), v.regex(/^\/[\w/-]*$/, 'must begin with / ')),
      enable,
    }),
  }),
  v.strictObject({
    timer: v.strictObject({
      name: v.string(),
      parameters: v.strictObject({ cronExpression: v.string(), enable }),
    }),
  }),
]);

/**
 * Returns the triggers of a function.
 *
 * @param key name of the function in the file, for errors.
 * @param events its `events`: `http` and `timer`.
 * @param chosen `custom.httpTrigger`: `url`, or `apigw` for API Gateway.
 * @throws {DeployError}
 */
export function describeTriggers(
  key: string,
  events: readonly unknown[],
  chosen: unknown,
): readonly TriggerSpec[] {
  const kind = parse(httpTrigger, chosen, 'custom.httpTrigger (HTTP_TRIGGER)');
  return events.map((input, index) => {
    const parsed = parse(event, input, `functions.${key}.events.${index}`);
    if ('timer' in parsed) {
      const { name, parameters } = parsed.timer;
      return {
        type: 'timer',
        name,
        enable: parameters.enable,
        cron: parameters.cronExpression.trim(),
      };
    }
    const { path, enable: enabled } = parsed.http;
    return kind === 'url'
      ? { type: 'http', name: 'url', enable: enabled, path }
      : { type: 'apigw', name: 'api', enable: enabled, path };
  });
}

function parse<TSchema extends v.GenericSchema>(
  schema: TSchema,
  input: unknown,
  place: string,
): v.InferOutput<TSchema> {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const [issue] = flatten(result.issues);
  throw new DeployError(`serverless.yml: ${place}${issue}`);
}

/**
 * For a union, valibot reports the problems of each shape; only those of the shape with the event's name are useful.
 */
function flatten(issues: readonly v.BaseIssue<unknown>[]): readonly string[] {
  return issues.map((issue) => {
    const inner = issue.issues?.find(({ path }) => (path?.length ?? 0) > 1) ?? issue;
    const path = v.getDotPath(inner);
    const message =
      issue.issues !== undefined && inner === issue
        ? 'must be an event of the type http or timer'
        : inner.message;
    return `${path === null ? '' : `.${path}`} ${message}`;
  });
}
