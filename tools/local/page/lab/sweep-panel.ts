import { byId, createElement, setText, setVisible } from '../components/dom.ts';
import { formatClock } from '../components/format.ts';
import type { Recorded } from '../stack/recorded.ts';
import type { StackControls } from '../stack/stack-controls.ts';
import { describeSweep } from './sweep-text.ts';

/** The card that fires the timer of the sweep, and says what it did. */
export interface SweepPanel {
  take(activity: Recorded<'sweep'>): void;
}

/** Builds the card; what a run did comes with the stack's own report of it, no matter who fired it. */
export function createSweepPanel(stack: StackControls): SweepPanel {
  const { button, state, summary } = createContents();
  let isRunning = false;

  async function run(): Promise<void> {
    if (isRunning) return;
    isRunning = true;
    render();
    try {
      await stack.runSweep();
    } catch (error) {
      showState('bad', error instanceof Error ? error.message : String(error));
    }
    isRunning = false;
    render();
  }
  function render(): void {
    // It keeps the focus, so that the keyboard can run the next one.
    button.setAttribute('aria-disabled', String(isRunning));
    setText(button, isRunning ? 'Sweeping…' : 'Run sweep');
  }
  function showState(tone: string, text: string): void {
    state.dataset['tone'] = tone;
    setText(state, text);
  }
  button.addEventListener('click', () => void run());
  showState('plain', 'It has not run yet.');

  return {
    take({ at, firedBy, failed, milliseconds, summary: told }) {
      const steps = describeSweep(told);
      const when = `${formatClock(new Date(at)).slice(0, 8)}, by ${firedBy === 'hand' ? 'you' : 'the timer'}`;
      const what = steps.length === 0 ? 'nothing to do' : `${Math.round(milliseconds)} ms`;
      showState(failed ? 'bad' : 'plain', `${when}: ${failed ? 'failed' : what}`);
      setVisible(summary, steps.length > 0);
      summary.replaceChildren(
        ...steps.flatMap(({ name, text }) => [
          createElement('dt', { text: name }),
          createElement('dd', { text }),
        ]),
      );
    },
  };
}

function createContents() {
  const button = createElement('button', {
    class: 'button button-small',
    text: 'Run sweep',
    attributes: { id: 'sweep-run', type: 'button' },
  });
  const state = createElement('p', {
    class: 'sweep-state',
    attributes: { id: 'sweep-state', role: 'status' },
  });
  const summary = createElement('dl', { class: 'sweep-summary', attributes: { hidden: '' } });
  byId('sweep-card', HTMLElement).append(
    createElement('header', { class: 'card-head' }, [
      createElement('h2', { text: 'Sweep', attributes: { id: 'sweep-heading' } }),
      button,
    ]),
    createElement('p', {
      class: 'muted',
      text: 'A timer fires the function every minute. It finds media that no callback told of once they are a minute old, and delivers again what was not taken. The button has it look at once.',
    }),
    state,
    summary,
  );
  return { button, state, summary };
}
