import * as v from 'valibot';
import { readCallbackConfig } from '../../lib/config/callback-config.ts';
import { databaseUrl } from '../../lib/config/database-config.ts';
import { readDeliveryConfig } from '../../lib/config/delivery-config.ts';
import type { Environment } from '../../lib/config/environment.ts';
import { readPullConfig } from '../../lib/config/pull-config.ts';
import { readSignatureConfig } from '../../lib/config/signature-config.ts';
import { readSweepConfig } from '../../lib/config/sweep-config.ts';
import { readUploadsConfig } from '../../lib/config/uploads-config.ts';
import { ConfigError } from '../../lib/config-error.ts';
import { readDatabaseUrl } from '../../lib/ledger/connection/database-url.ts';

/**
 * What each function reads of its environment when it starts. Anyone who is told of events, and where the database is, is
 * read last by the function, and here besides, so that all that is wrong is said at once.
 */
const READERS: Readonly<Record<string, readonly ((environment: Environment) => unknown)[]>> = {
  signature: [readSignatureConfig, readDatabase],
  pull: [readPullConfig, readDatabase],
  callback: [readCallbackConfig, readDeliveryConfig, readDatabase],
  uploads: [readUploadsConfig, readDatabase],
  sweep: [readSweepConfig, readDeliveryConfig, readDatabase],
};

/** Reads the whole of what the schemas of the functions look at the beginning of. */
function readDatabase({ DATABASE_URL, DATABASE_CA }: Environment): void {
  if (!v.is(databaseUrl, DATABASE_URL)) return;
  const { problems } = readDatabaseUrl(DATABASE_URL, DATABASE_CA);
  if (problems !== undefined) throw new ConfigError(problems);
}

/** What the platform adds where a function has a role; the real values are there when it runs. */
const ROLE_VARIABLES = {
  TENCENTCLOUD_SECRETID: 'role',
  TENCENTCLOUD_SECRETKEY: 'role',
  TENCENTCLOUD_SESSIONTOKEN: 'role',
};

/** Returns the environment that a function with a role finds. */
export function addRole(environment: Environment): Environment {
  return { ...environment, ...ROLE_VARIABLES };
}

/** Returns why a function would not serve with its variables, each by its name and without its value; none where it would. */
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
