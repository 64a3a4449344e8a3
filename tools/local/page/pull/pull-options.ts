import { createElement, setText } from '../components/dom.ts';
import {
  clearFieldProblem,
  createField,
  createInput,
  createSelect,
  offerRegions,
  showFieldProblem,
} from '../components/field.ts';
import { formatCount } from '../components/format.ts';
import type { FieldProblem } from '../stack/problem.ts';
import type { PullFields } from '../stack/stack-client.ts';

/** What goes with every URL. */
export type PullSettings = Omit<PullFields, 'mediaUrl'>;

/** The options of the next pulls. */
export interface PullOptions {
  readonly element: HTMLDetailsElement;
  read(): PullSettings;
  offerRegions(regions: readonly string[]): void;
  setEnabled(enabled: boolean): void;
  /** Marks the options that something was said against, and no others. */
  showProblems(problems: readonly FieldProblem[]): void;
}

/** Ids of the fields by their names in the request. */
const IDS: Readonly<Record<string, string>> = {
  storageRegion: 'pull-region',
  mediaType: 'pull-type',
  idempotencyKey: 'pull-key',
};

/** Builds the options. */
export function createPullOptions(): PullOptions {
  const region = createSelect([['', 'As the application has it']]);
  const type = createInput({ placeholder: 'From each URL', autocapitalize: 'off' });
  const key = createInput({ placeholder: 'None', autocapitalize: 'off' });
  const fields = createElement('fieldset', { class: 'fields' }, [
    createElement('legend', { class: 'visually-hidden', text: 'What goes with every URL' }),
    createField({ name: 'pull-region', label: 'Storage region', input: region }),
    createField({
      name: 'pull-type',
      label: 'Media type',
      input: type,
      hint: 'Where no URL tells it, as mp4.',
    }),
    createField({
      name: 'pull-key',
      label: 'Idempotency key',
      input: key,
      hint: 'The same URLs again under the same key are pulled once.',
      isWide: true,
    }),
  ]);
  const summary = createElement('span', { class: 'muted' });
  const element = createElement(
    'details',
    { class: 'options', attributes: { id: 'pull-options' } },
    [createElement('summary', { text: 'Options ' }, [summary]), fields],
  );
  const read = (): PullSettings => ({
    ...(region.value === '' ? {} : { storageRegion: region.value }),
    ...(type.value.trim() === '' ? {} : { mediaType: type.value.trim() }),
    ...(key.value.trim() === '' ? {} : { idempotencyKey: key.value.trim() }),
  });
  const renderSummary = () => {
    const set = Object.keys(read()).length;
    setText(summary, set === 0 ? 'none set' : `${set} set`);
  };
  fields.addEventListener('input', (event) => {
    if (event.target instanceof Element) clearFieldProblem(event.target.id);
    renderSummary();
  });
  renderSummary();

  return {
    element,
    read,
    offerRegions: (regions) => offerRegions(region, regions),
    setEnabled(enabled) {
      fields.disabled = !enabled;
    },
    showProblems(problems) {
      Object.values(IDS).forEach(clearFieldProblem);
      for (const [name, id] of Object.entries(IDS)) {
        const count = problems.filter(({ path }) => path === name).length;
        if (count === 0) continue;
        // The reason stands beside each URL, and may be another one there.
        showFieldProblem(id, `Refused for ${formatCount(count, 'URL')}: see the rows.`);
        element.open = true;
      }
    },
  };
}
