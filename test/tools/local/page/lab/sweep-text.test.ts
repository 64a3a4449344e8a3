import { expect, test } from 'vitest';
import { describeSweep } from '../../../../../tools/local/page/lab/sweep-text.ts';

test('describeSweep() lists what was done and what is waiting, and nothing else', () => {
  const summary = {
    steps: {
      queue: { pulled: 0, failed: 0 },
      fanOut: { events: 1, failed: 0 },
      deliveries: { delivered: 1_200, dead: 1, failed: 0 },
    },
    backlog: { deliveries: 2, oldestDeliverySeconds: 65, pulls: 0 },
    errors: { ECONNREFUSED: 3 },
    outOfTime: true,
    broken: [],
  };

  expect(describeSweep(summary)).toEqual([
    { name: 'New deliveries', text: '1 event' },
    { name: 'Deliveries', text: '1,200 delivered · 1 given up' },
    { name: 'Still waiting', text: '2 deliveries · oldest delivery 1 min 5 s' },
    { name: 'Errors', text: '3 ECONNREFUSED' },
    { name: 'Out of time', text: 'the next run continues' },
  ]);
});

test('describeSweep() returns nothing for a summary of another shape', () => {
  expect(describeSweep({})).toEqual([]);
  expect(describeSweep({ steps: 7, backlog: 'x' })).toEqual([]);
});
