import * as v from 'valibot';
import type { Cloud } from './cloud/cloud.ts';
import { DeployError } from './deploy-error.ts';

const invocation = v.object({
  Result: v.object({
    /** 0, unless the function failed: https://cloud.tencent.com/document/product/583/17243. */
    InvokeResult: v.number(),
    RetMsg: v.optional(v.nullable(v.string()), ''),
    ErrMsg: v.optional(v.nullable(v.string()), ''),
    Log: v.optional(v.nullable(v.string()), ''),
  }),
});

/**
 * Calls a deployed function and prints its answer and its log.
 *
 * @param event the function's event, as JSON.
 * @throws {DeployError} also where the function failed.
 */
export async function invokeFunction(
  name: string,
  event: string | undefined,
  { scf }: Pick<Cloud, 'scf'>,
  print: (text: string) => void,
): Promise<void> {
  const answer = v.safeParse(invocation, await scf.invoke(name, event));
  if (!answer.success) throw new DeployError(`Invoke of ${name} answered without a result.`);
  const { InvokeResult, RetMsg, ErrMsg, Log } = answer.output.Result;
  print(`${RetMsg}\n\nLog:\n${Log}\n`);
  if (InvokeResult !== 0) throw new DeployError(`${name} failed: ${ErrMsg}`);
}
