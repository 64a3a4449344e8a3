import { byId, setText } from '../components/dom.ts';
import { clearFieldProblem, offerRegions, showFieldProblem } from '../components/field.ts';
import { byteLength, formatCount } from '../components/format.ts';
import type { FieldProblem } from '../stack/problem.ts';
import type { SignatureFields } from '../stack/stack-client.ts';
import { createOptionFields } from './option-fields.ts';

/** VOD's limit for SourceContext: https://cloud.tencent.com/document/product/266/9221 */
const SOURCE_CONTEXT_BYTES = 250;

/** The options of the next upload. */
export interface OptionsForm {
  read(): SignatureFields;
  /** Tells whether the browser itself finds all fields fit, and leads to the first that is not. */
  check(): boolean;
  offerRegions(regions: readonly string[]): void;
  setEnabled(enabled: boolean): void;
  /** Shows each message beside its field; those without a field are returned. */
  showProblems(problems: readonly FieldProblem[]): readonly FieldProblem[];
}

/** Builds the options around the form of the page. */
export function createOptionsForm(): OptionsForm {
  const details = byId('options', HTMLDetailsElement);
  const form = byId('options-form', HTMLFormElement);
  const fields = byId('options-fields', HTMLFieldSetElement);
  byId('options-last', HTMLDivElement).before(...createOptionFields());
  const region = byId('storageRegion', HTMLSelectElement);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('input', (event) => {
    if (event.target instanceof Element) clearFieldProblem(event.target.id);
    renderHints();
  });
  renderHints();

  return {
    read: readFields,
    check() {
      if (form.checkValidity()) return true;
      details.open = true;
      return form.reportValidity();
    },
    offerRegions: (regions) => offerRegions(region, regions),
    setEnabled(enabled) {
      fields.disabled = !enabled;
    },
    showProblems(problems) {
      for (const output of fields.querySelectorAll('.field-error')) {
        clearFieldProblem(output.id.replace(/-error$/, ''));
      }
      const homeless = problems.filter(
        (problem) => !showFieldProblem(problem.path, problem.message),
      );
      if (homeless.length < problems.length) {
        details.open = true;
        fields
          .querySelector<HTMLElement>('[aria-invalid="true"]')
          ?.scrollIntoView({ block: 'nearest' });
      }
      return homeless;
    },
  };
}

function readFields(): SignatureFields {
  const text = (id: string) => byId(id, HTMLInputElement).value.trim();
  const chosen = (id: string) => byId(id, HTMLSelectElement).value;
  const expiry = text('mediaExpireTime');
  return {
    ...(text('classId') === '' ? {} : { classId: Number(text('classId')) }),
    ...(text('procedure') === '' ? {} : { procedure: text('procedure') }),
    ...(chosen('taskNotifyMode') === '' ? {} : { taskNotifyMode: chosen('taskNotifyMode') }),
    ...(text('sourceContext') === '' ? {} : { sourceContext: text('sourceContext') }),
    ...(chosen('storageRegion') === '' ? {} : { storageRegion: chosen('storageRegion') }),
    ...(text('expiresIn') === '' ? {} : { expiresIn: Number(text('expiresIn')) }),
    ...(expiry === '' ? {} : { mediaExpireTime: new Date(expiry).toISOString() }),
    ...(byId('oneTimeValid', HTMLInputElement).checked ? { oneTimeValid: true } : {}),
  };
}

function renderHints(): void {
  const bytes = byteLength(byId('sourceContext', HTMLInputElement).value.trim());
  const count = byId('sourceContext-count', HTMLSpanElement);
  setText(count, `${formatCount(bytes, 'byte')} of ${SOURCE_CONTEXT_BYTES}`);
  count.classList.toggle('is-over', bytes > SOURCE_CONTEXT_BYTES);
  const set = Object.keys(readFields()).length;
  setText(byId('options-summary', HTMLSpanElement), set === 0 ? 'none set' : `${set} set`);
}
