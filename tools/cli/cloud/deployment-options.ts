import type { Environment } from '../../../lib/config/environment.ts';
import type { Deployment } from './deployed-functions.ts';

/** Where serverless.yml deploys to by default. */
export const DEFAULT_DEPLOYMENT: Deployment = {
  region: 'ap-singapore',
  service: 'vod-upload',
  stage: 'dev',
};

/** Options with which a command finds the deployed functions. */
export const DEPLOYMENT_OPTIONS = {
  region: { type: 'string' },
  service: { type: 'string', default: DEFAULT_DEPLOYMENT.service },
  stage: { type: 'string', default: DEFAULT_DEPLOYMENT.stage },
} as const;

/** Text of `--help` about them. */
export const DEPLOYMENT_HELP = `  --region <region>      where the functions are deployed: their addresses are looked up in SCF; TENCENT_REGION
                         sets it too, and ${DEFAULT_DEPLOYMENT.region} is the default
  --service <name>       as in serverless.yml; ${DEFAULT_DEPLOYMENT.service} by default
  --stage <name>         as it was deployed; ${DEFAULT_DEPLOYMENT.stage} by default`;

/** Values of these options. */
export interface DeploymentChoice {
  readonly region?: string | undefined;
  readonly service: string;
  readonly stage: string;
}

/** Returns where the functions were deployed to. */
export function readDeployment(choice: DeploymentChoice, environment: Environment): Deployment {
  const { service, stage } = choice;
  return { region: readRegion(choice, environment) ?? DEFAULT_DEPLOYMENT.region, service, stage };
}

/** Returns the region from the option or the environment; undefined if neither has one. */
export function readRegion(
  { region }: DeploymentChoice,
  environment: Environment,
): string | undefined {
  return region ?? environment['TENCENT_REGION']?.trim();
}
