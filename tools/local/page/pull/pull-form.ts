import { byId, createElement, setText, setVisible } from '../components/dom.ts';
import type { Problem } from '../stack/problem.ts';
import { MAX_PULLS } from './pull-lines.ts';
import { createPullOptions, type PullOptions, type PullSettings } from './pull-options.ts';
import { createPullSamples } from './pull-samples.ts';
import { createPullUrlField } from './pull-url-field.ts';

/** The form that asks for pulls. */
export interface PullForm extends Pick<PullOptions, 'offerRegions' | 'showProblems'> {
  /** Brings back URLs that were not taken, behind what has been written meanwhile. */
  giveBack(urls: readonly string[]): void;
  /** Adds a URL and goes there, to have it corrected or sent again. */
  add(url: string): void;
  setBusy(busy: boolean): void;
  /** Shows why a request failed as a whole. */
  showProblem(problem: Problem | null): void;
}

/** Builds the form into its tab. */
export function createPullForm(
  onSubmit: (urls: readonly string[], settings: PullSettings) => void,
): PullForm {
  const urls = createPullUrlField(() => render());
  const options = createPullOptions();
  const notice = createNotice();
  const buttons = createButtons(() => urls.write([]));
  const form = createElement('form', { class: 'panel', attributes: { novalidate: '' } }, [
    urls.element,
    createPullSamples(urls.add),
    notice.element,
    buttons.element,
    options.element,
  ]);
  let isBusy = false;

  const render = () => buttons.render(urls.read().length, isBusy);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const lines = urls.read();
    if (isBusy || lines.length > MAX_PULLS) return;
    if (lines.length === 0) urls.complain('Paste a URL first, or add a sample.');
    else {
      urls.write([]);
      notice.show(null);
      options.showProblems([]);
      onSubmit(lines, options.read());
    }
  });
  byId('pull-panel', HTMLDivElement).append(form);
  render();

  return {
    offerRegions: options.offerRegions,
    showProblems: options.showProblems,
    giveBack(lines) {
      if (lines.length > 0) urls.write([...urls.read(), ...lines]);
    },
    add: urls.add,
    setBusy(busy) {
      isBusy = busy;
      options.setEnabled(!busy);
      render();
    },
    showProblem: notice.show,
  };
}

function createButtons(onClear: () => void) {
  const start = createElement('button', {
    class: 'button button-primary',
    attributes: { id: 'pull-start', type: 'submit' },
  });
  const clear = createElement('button', {
    class: 'button',
    text: 'Clear',
    attributes: { id: 'pull-clear', type: 'button' },
  });
  clear.addEventListener('click', onClear);
  return {
    element: createElement('div', { class: 'actions' }, [start, clear]),
    render(count: number, isBusy: boolean): void {
      const text = count > 1 ? `Pull ${count.toLocaleString('en')} URLs` : 'Pull';
      setText(start, isBusy ? 'Sending…' : text);
      start.disabled = isBusy || count > MAX_PULLS;
      setVisible(clear, !isBusy && count > 0);
    },
  };
}

function createNotice() {
  const title = createElement('p', { class: 'notice-title' });
  const text = createElement('p');
  const attributes = { id: 'pull-problem', role: 'alert', hidden: '' };
  const element = createElement('div', { class: 'notice notice-bad', attributes }, [title, text]);
  return {
    element,
    show(problem: Problem | null) {
      setVisible(element, problem !== null);
      if (problem === null) return;
      setText(title, `The request failed: ${problem.title}`);
      setText(text, problem.detail || problem.code);
    },
  };
}
