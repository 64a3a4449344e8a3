import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPolicyActions } from '../../support/cam-policy.ts';
import { type DeployStage, openDeployStage } from '../deploy/deploy-stage.ts';

let stage: DeployStage;

beforeAll(async () => {
  stage = await openDeployStage();
}, 60_000);

afterAll(() => stage.close());

it('deploying, looking, deploying other code and removing call nothing that the policy leaves out', async () => {
  const calls = new Set<string>();
  for (const [command, environment] of [
    ['deploy', {}],
    ['info', {}],
    ['deploy', { PULL_HOSTS: 'other.example.com' }],
    ['deploy list', {}],
    ['remove', {}],
  ] as const) {
    const { code, output } = await stage.run(command, environment);
    expect(code, `${command}: ${output}`).toBe(0);
    for (const { service, action } of stage.cloud.calls) calls.add(`${service}:${action}`);
  }

  expect(calls).toContain('scf:CreateFunction');
  expect(calls).toContain('cos:PutObject');
  expect([...calls].filter((call) => !readPolicyActions('deployer').includes(call))).toEqual([]);
}, 120_000);
