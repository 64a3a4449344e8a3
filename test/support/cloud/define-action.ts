import * as v from 'valibot';
import { CloudError } from './cloud-error.ts';
import type { CloudState } from './cloud-state.ts';

/** The context of an action of the API, in addition to its parameters. */
export interface ActionContext {
  readonly state: CloudState;
  readonly settings: CloudSettings;
  readonly region: string;
  readonly now: () => Date;
}

/** How a cloud behaves in points where the real one differs between accounts and over time. */
export interface CloudSettings {
  /**
   * Whether the account may still create API Gateway triggers: https://cloud.tencent.com/document/product/583/107631.
   */
  readonly apiGateway: boolean;
  /** The number of reads that find a function busy after a change. */
  readonly busyReads: number;
  /** Whether an API closes a connection that was idle just when the next call arrives on it. */
  readonly closesIdle: boolean;
}

/** An answer, without its `RequestId`. */
export type ApiAnswer = Readonly<Record<string, unknown>>;

/** What an action does with its parameters as they were sent. */
export type Action = (
  context: ActionContext,
  parameters: Readonly<Record<string, unknown>>,
  isFlat: boolean,
) => Promise<ApiAnswer>;

type IntegerSchema = v.GenericSchema<unknown, number>;

const jsonInteger: IntegerSchema = v.pipe(v.number(), v.safeInteger());
/** In a form, every value is text; numbers are values that an action fills in itself. */
const flatInteger: IntegerSchema = v.union([
  v.pipe(v.string(), v.regex(/^-?\d{1,15}$/), v.transform(Number)),
  jsonInteger,
]);

/**
 * Returns an action that accepts these parameters and no others.
 *
 * @param entries returns their schemas, given the schema of a whole number.
 */
export function defineAction<const Entries extends v.ObjectEntries>(
  entries: (integer: IntegerSchema) => Entries,
  perform: (
    context: ActionContext,
    input: v.InferOutput<v.StrictObjectSchema<Entries, undefined>>,
  ) => ApiAnswer | Promise<ApiAnswer>,
): Action {
  const json = v.strictObject(entries(jsonInteger));
  const flat = v.strictObject(entries(flatInteger));
  return async (context, parameters, isFlat) => {
    const result = v.safeParse(isFlat ? flat : json, parameters);
    if (result.success) return perform(context, result.output);
    const [issue] = result.issues;
    const path = v.getDotPath(issue) ?? '';
    if (issue.expected === 'never') {
      throw new CloudError('UnknownParameter', `The parameter \`${path}\` is not recognized.`);
    }
    if (issue.received === 'undefined') {
      throw new CloudError('MissingParameter', `The request is missing the parameter \`${path}\`.`);
    }
    throw new CloudError(
      'InvalidParameter',
      `The parameter \`${path}\` is wrong: ${issue.message}`,
    );
  };
}
