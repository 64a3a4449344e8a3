import { createElement, setText } from '../components/dom.ts';
import { clearFieldProblem, createField, showFieldProblem } from '../components/field.ts';
import { formatCount } from '../components/format.ts';
import { MAX_PULLS, readLines } from './pull-lines.ts';

/** The field for the URLs. */
export interface PullUrlField {
  readonly element: HTMLElement;
  read(): readonly string[];
  write(urls: readonly string[]): void;
  /** Adds a line and goes there. */
  add(url: string): void;
  /** Says beside the field why it cannot be sent. */
  complain(message: string): void;
}

const MOST = MAX_PULLS.toLocaleString('en');

/** Builds the field; `onChange` is called whatever changes its text. */
export function createPullUrlField(onChange: (count: number) => void): PullUrlField {
  const area = createArea();
  const label = 'Media URLs, one per line';
  const element = createField({ name: 'pull-urls', label, input: area });
  const count = element.querySelector('#pull-urls-count');
  const read = () => readLines(area.value);

  function change(): void {
    const lines = read().length;
    clearFieldProblem(area.id);
    if (count !== null) {
      setText(count, lines === 0 ? `up to ${MOST}` : formatCount(lines, 'URL'));
      count.classList.toggle('is-over', lines > MAX_PULLS);
    }
    if (lines > MAX_PULLS) showFieldProblem(area.id, `One request pulls at most ${MOST} URLs.`);
    onChange(lines);
  }
  function write(urls: readonly string[]): void {
    area.value = urls.join('\n');
    change();
  }
  area.addEventListener('input', change);
  if (count !== null) setText(count, `up to ${MOST}`);

  return {
    element,
    read,
    write,
    add(url) {
      write([...read(), url]);
      area.focus();
      area.scrollTop = area.scrollHeight;
    },
    complain(message) {
      showFieldProblem(area.id, message);
      area.focus();
    },
  };
}

function createArea(): HTMLTextAreaElement {
  const area = createElement('textarea', {
    attributes: {
      rows: '4',
      wrap: 'off',
      autocapitalize: 'off',
      autocomplete: 'off',
      spellcheck: 'false',
      placeholder: 'https://media.example.com/film.mp4',
    },
  });
  area.addEventListener('keydown', (event) => {
    const isSend = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
    if (isSend) area.form?.requestSubmit();
  });
  return area;
}
