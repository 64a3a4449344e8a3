import { expect, it } from 'vitest';
import { selectTargets } from '../../../lib/model/event-type.ts';

it('selects the targets of which any pattern fits', () => {
  const targets = [
    { id: 'all', events: ['*'] },
    { id: 'some', events: ['vod.*', 'upload.ready'] },
    { id: 'others', events: ['vod.*'] },
    { id: 'none', events: [] },
  ];

  expect(selectTargets(targets, 'upload.ready').map(({ id }) => id)).toEqual(['all', 'some']);
});
