import { readFileSync } from 'node:fs';
import * as v from 'valibot';

const policy = v.strictObject({
  version: v.literal('2.0'),
  statement: v.array(
    v.strictObject({
      effect: v.literal('allow'),
      action: v.array(v.pipe(v.string(), v.regex(/^name\/[a-z]+:[A-Z]\w+$/))),
      resource: v.pipe(v.array(v.pipe(v.string(), v.regex(/^(?:\*|qcs::.*)$/))), v.minLength(1)),
    }),
  ),
});

/** Name of a file in `deploy/cam/`. */
export type PolicyName = 'deployer' | 'function-role' | 'upload-key';

/** Returns the actions that a policy allows, such as `scf:CreateFunction`, sorted; throws if it is not a policy. */
export function readPolicyActions(name: PolicyName): readonly string[] {
  const { statement } = v.parse(policy, JSON.parse(readPolicyFile(name)));
  return statement.flatMap(({ action }) => action.map((text) => text.replace('name/', ''))).sort();
}

/** Returns the text of a file in `deploy/cam/`. */
export function readPolicyFile(name: PolicyName | 'function-role-trust'): string {
  return readFileSync(new URL(`../../deploy/cam/${name}.json`, import.meta.url), 'utf8');
}
