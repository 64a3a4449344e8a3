import * as v from 'valibot';
import { readCallbackConfig } from '../../lib/config/callback-config.ts';
import { databaseUrl } from '../../lib/config/database-config.ts';
import { readDeliveryConfig } from '../../lib/config/delivery-config.ts';
import type { Environment } from '../../lib/config/environment.ts';
import { readProgressConfig } from '../../lib/config/progress-config.ts';
import { readPullConfig } from '../../lib/config/pull-config.ts';
import { readSignatureConfig } from '../../lib/config/signature-config.ts';
import { readSweepConfig } from '../../lib/config/sweep-config.ts';
import { readUploadsConfig } from '../../lib/config/uploads-config.ts';
import { ConfigError } from '../../lib/config-error.ts';
import { readDatabaseUrl } from '../../lib/ledger/connection/database-url.ts';

/**
 * What each function reads from its environment when it starts. A function stops at its first error; here targets and
 * the database are read separately, so that all errors are reported together.
 */
const READERS: Readonly<Record<string, readonly ((environment: Environment) => unknown)[]>> = {
  signature: [readSignatureConfig, readDatabase],
  pull: [readPullConfig, readDatabase],
  callback: [readCallbackConfig, readDeliveryConfig, readDatabase],
  uploads: [readUploadsConfig, readProgressConfig, readDatabase],
  sweep: [readSweepConfig, readDeliveryConfig, readDatabase],
};

/** Reads the database's settings completely; the schemas of the functions check only how the address begins. */
function readDatabase({ DATABASE_URL, DATABASE_CA }: Environment): void {
  if (!v.is(databaseUrl, DATABASE_URL)) return;
  const { problems } = readDatabaseUrl(DATABASE_URL, DATABASE_CA);
  if (problems !== undefined) throw new ConfigError(problems);
}

/** Placeholders for the variables that the platform adds for a function with a role. */
const ROLE_VARIABLES = {
  TENCENTCLOUD_SECRETID: 'role',
  TENCENTCLOUD_SECRETKEY: 'role',
  TENCENTCLOUD_SESSIONTOKEN: 'role',
};

/** Returns the environment of a function with a role. */
export function addRole(environment: Environment): Environment {
  return { ...environment, ...ROLE_VARIABLES };
}

/**
 * Returns the reasons why a function would not serve with its variables, by name and without values; none if it would.
 */
export function explainVariables(name: string, environment: Environment): readonly string[] {
  const problems = (READERS[name] ?? []).flatMap((read) => explain(() => read(environment)));
  return [...new Set(problems)];
}

function explain(read: () => unknown): readonly string[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.problems.map(({ variable, message }) => `${variable} ${message}`);
    }
    throw error;
  }
}
