import { expect, it } from 'vitest';
import { createDrawing, createProgress } from '../../../tools/cli/progress.ts';

function record(stream: { readonly isTTY?: boolean; readonly columns?: number }) {
  let shown = '';
  const showProgress = createProgress({
    ...stream,
    write: (text) => {
      shown += text;
    },
  });
  for (const doing of ['', 'asking VOD', 'calling the functions', '', '']) showProgress(doing);
  return shown;
}

it('prints a line for each step without a terminal', () => {
  expect(record({})).toBe('asking VOD …\ncalling the functions …\n');
});

it('prints one line on a terminal, and clears it at the end', () => {
  expect(record({ isTTY: true, columns: 80 })).toBe(
    '\r\u001b[Kasking VOD …\r\u001b[Kcalling the functions …\r\u001b[K',
  );
});

it('prints no line longer than the terminal is wide', () => {
  expect(record({ isTTY: true, columns: 12 })).toContain('\r\u001b[Kcalling t …\r');
});

it('replaces the lines at the end of a terminal', () => {
  let shown = '';
  const draw = createDrawing({
    columns: 11,
    write: (text) => {
      shown += text;
    },
  });

  draw(['first line', 'a line that is too long']);
  draw(['second']);
  draw([]);
  draw(['third']);

  expect(shown).toBe(
    'first line\na line tha\n\r\u001b[2A\u001b[Jsecond\n\r\u001b[1A\u001b[Jthird\n',
  );
});
