import * as v from 'valibot';
import { type ApiError, type ApiErrorCode, apiError } from './api-error.ts';
import type { ApiAction, ApiAnswer, ApiServices } from './services.ts';

type Input<Entries extends v.ObjectEntries> = v.InferOutput<
  v.StrictObjectSchema<Entries, undefined>
>;

/** The parameters of an action, and what it does. */
export interface ActionDefinition<Entries extends v.ObjectEntries> {
  readonly entries: Entries;
  /** Codes of values that are not allowed, by parameter; `InvalidParameterValue` for the others. */
  readonly codes?: Readonly<Partial<Record<keyof Entries & string, ApiErrorCode>>>;
  perform(
    api: ApiServices,
    input: Input<Entries>,
    signal: AbortSignal,
  ): ApiAnswer | Promise<ApiAnswer>;
}

/** Returns an action whose parameters are checked before it is performed. */
export function defineAction<const Entries extends v.ObjectEntries>(
  definition: ActionDefinition<Entries>,
): ApiAction {
  const schema = v.strictObject(definition.entries);
  const codes = new Map(Object.entries<ApiErrorCode | undefined>(definition.codes ?? {}));
  return (api, { parameters, isFlat, signal }) => {
    // The SDKs of some languages send null for parameters that were left out.
    const given = Object.fromEntries(
      Object.entries(parameters).filter(([, value]) => value !== null),
    );
    const result = parse(schema, given, isFlat);
    if (!result.success) throw explain(result.issues[0], codes);
    return definition.perform(api, result.output, signal);
  };
}

function parse<Schema extends v.GenericSchema>(schema: Schema, given: unknown, isFlat: boolean) {
  const result = v.safeParse(schema, given, { abortPipeEarly: true });
  if (result.success || !isFlat) return result;
  let replaced = false;
  for (const { expected, input, path = [] } of result.issues) {
    const last = path.at(-1);
    if (expected !== 'number' || last === undefined || !isNumeric(input)) continue;
    Reflect.set(Object(last.input), String(last.key), Number(input));
    replaced = true;
  }
  return replaced ? v.safeParse(schema, given, { abortPipeEarly: true }) : result;
}

function isNumeric(input: unknown): input is string {
  return typeof input === 'string' && /^-?\d+(?:\.\d+)?$/.test(input);
}

function explain(
  issue: v.BaseIssue<unknown>,
  codes: ReadonlyMap<string, ApiErrorCode | undefined>,
): ApiError {
  const path = v.getDotPath(issue) ?? '';
  if (issue.expected === 'never') {
    return apiError('UnknownParameter', `The parameter ${path} is not known`);
  }
  if (issue.kind === 'schema' && issue.received === 'undefined') {
    return apiError('MissingParameter', `The parameter ${path} is missing`);
  }
  const [parameter = ''] = path.split('.');
  const isType = issue.kind === 'schema' && issue.type !== 'picklist';
  const code = isType ? 'InvalidParameter' : (codes.get(parameter) ?? 'InvalidParameterValue');
  return apiError(code, `${path}: ${issue.message}`);
}
