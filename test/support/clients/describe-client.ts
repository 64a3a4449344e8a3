import { describe, it } from 'vitest';
import type { StackStage } from '../stack-stage.ts';
import type { Client } from './client.ts';
import { CLIENTS_PAGE, readColumns } from './client-table.ts';
import { SCENARIOS } from './scenarios.ts';

/**
 * Runs each scenario that the column of `name` in docs/clients.md ticks.
 *
 * @throws if the page has no such column, or ticks none of its cells.
 */
export function describeClient(name: string, client: Client, stage: StackStage): void {
  const ticked = readColumns()
    .get(name)
    ?.filter(({ cell }) => cell === '✓');
  if (ticked === undefined || ticked.length === 0) {
    throw new Error(`${CLIENTS_PAGE} has no ticked column "${name}"`);
  }
  describe(name, () => {
    for (const { scenario } of ticked) {
      it(scenario, async () => {
        const run = SCENARIOS[scenario];
        if (run === undefined) throw new Error(`There is no scenario "${scenario}"`);
        await run(client, stage.stack);
      });
    }
  });
}
