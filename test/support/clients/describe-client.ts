import { describe, it } from 'vitest';
import type { StackStage } from '../stack-stage.ts';
import type { Client } from './client.ts';
import { CLIENTS_PAGE, readColumns } from './client-table.ts';
import { SCENARIOS } from './scenarios.ts';

/** Cells whose scenarios a test runs. */
const RUN: readonly string[] = ['✓', 'requests'];

/**
 * Runs each scenario that the column of `name` in docs/clients.md ticks, or says to be checked by requests.
 *
 * @throws if the page has no such column, or none of these in it.
 */
export function describeClient(name: string, client: Client, stage: StackStage): void {
  const cells = readColumns()
    .get(name)
    ?.filter(({ cell }) => RUN.includes(cell));
  if (cells === undefined || cells.length === 0) {
    throw new Error(`${CLIENTS_PAGE} has no column "${name}" with scenarios to run`);
  }
  describe(name, () => {
    for (const { scenario } of cells) {
      it(scenario, async () => {
        const run = SCENARIOS[scenario];
        if (run === undefined) throw new Error(`There is no scenario "${scenario}"`);
        await run(client, stage.stack);
      });
    }
  });
}
