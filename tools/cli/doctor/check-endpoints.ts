import { randomUUID } from 'node:crypto';
import type { DatabaseConfig } from '../../../lib/config/database-config.ts';
import { readDeliveryConfig } from '../../../lib/config/delivery-config.ts';
import type { Environment } from '../../../lib/config/environment.ts';
import { ConfigError } from '../../../lib/config-error.ts';
import type { LedgerEndpoint } from '../../../lib/ledger/deliveries/endpoints.ts';
import { openLedger } from '../../../lib/ledger/ledger.ts';
import { describePauseReason } from '../../../lib/webhooks/explain-pause.ts';
import { finding, type Note } from './note.ts';

/**
 * Finds the endpoints that the ledger has paused: those of WEBHOOK_ENDPOINTS, or all of them if that variable cannot be
 * read.
 *
 * @param database one that has the ledger's tables.
 */
export async function checkEndpoints(
  { databaseUrl, databaseCa }: DatabaseConfig & { readonly databaseUrl: string },
  environment: Environment,
  now: () => number,
): Promise<readonly Note[]> {
  const ledger = openLedger(databaseUrl, {
    databaseCa,
    clock: { now },
    random: { key: randomUUID },
  });
  try {
    const hosts = readHosts(environment);
    const known = await ledger.listEndpoints();
    return known.flatMap((endpoint) => judgeEndpoint(endpoint, hosts));
  } finally {
    await ledger.close();
  }
}

/** Returns the host of each endpoint by its id, or undefined where the endpoints are not known. */
function readHosts(environment: Environment): ReadonlyMap<string, string> | undefined {
  if (environment['WEBHOOK_ENDPOINTS'] === undefined) return undefined;
  try {
    const { endpoints } = readDeliveryConfig(environment);
    return new Map(endpoints.map(({ id, url }) => [id, new URL(url).host]));
  } catch (error) {
    // Wrong variables are reported by the check of the variables.
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

function judgeEndpoint(
  { endpoint, pausedAt, pausedReason, waiting, dead }: LedgerEndpoint,
  hosts: ReadonlyMap<string, string> | undefined,
): readonly Note[] {
  const host = hosts?.get(endpoint);
  // An endpoint that is no longer configured is sent nothing in any case.
  if (pausedAt === undefined || (hosts !== undefined && host === undefined)) return [];
  const name = host === undefined ? endpoint : `${endpoint} (${host})`;
  const since = new Date(pausedAt).toISOString();
  const why = describePauseReason(pausedReason ?? 'unknown');
  return [
    finding(
      'endpoints',
      `The endpoint ${name} is paused since ${since}: ${why}. Messages waiting, each for three days: ${waiting}; given up: ${dead}.`,
      `Fix it and send POST /uploads/endpoints/${endpoint}/resume with the scope upload:admin, or take it out of WEBHOOK_ENDPOINTS.`,
    ),
  ];
}
