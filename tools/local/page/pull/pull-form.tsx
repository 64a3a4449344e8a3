import { useSignal } from '@preact/signals';
import type { Ref } from 'preact';
import { useEffect } from 'preact/hooks';
import { describeInput, Field } from '../components/field.tsx';
import { formatCount } from '../components/format.ts';
import { Options, RegionSelect } from '../components/options.tsx';
import type { FieldProblem } from '../stack/problem.ts';
import { MAX_PULLS, readLines } from './pull-lines.ts';
import { type PullModel, type PullTexts, readSettings } from './pull-model.ts';
import { PullSamples } from './pull-samples.tsx';

interface PullFormProps {
  readonly model: PullModel;
  readonly regions: readonly string[];
  /** The field of the URLs. */
  readonly area: Ref<HTMLTextAreaElement> & { readonly current: HTMLTextAreaElement | null };
}

const MOST = MAX_PULLS.toLocaleString('en');

/** The form for requesting pulls. */
export function PullForm({ model, regions, area }: PullFormProps) {
  const count = readLines(model.text.value).length;
  const isBusy = model.isBusy.value;
  const startText = count > 1 ? `Pull ${count.toLocaleString('en')} URLs` : 'Pull';
  const problem = model.problem.value;

  async function submit(): Promise<void> {
    await model.submit();
    if (model.textProblem.peek() !== '') area.current?.focus();
  }
  return (
    <form
      class="panel"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      <UrlField model={model} count={count} area={area} />
      <PullSamples
        onChoose={(url) => {
          model.addLine(url);
          area.current?.focus();
        }}
      />
      {problem !== null && (
        <div id="pull-problem" class="notice notice-bad" role="alert">
          <p class="notice-title">The request failed: {problem.title}</p>
          <p>{problem.detail || problem.code}</p>
        </div>
      )}
      <div class="actions">
        <button
          id="pull-start"
          class="button button-primary"
          type="submit"
          disabled={isBusy || count > MAX_PULLS}
        >
          {isBusy ? 'Sending…' : startText}
        </button>
        <button
          class="button"
          type="button"
          hidden={isBusy || count === 0}
          onClick={() => {
            model.write('');
            area.current?.focus();
          }}
        >
          Clear
        </button>
      </div>
      <PullOptions model={model} regions={regions} />
    </form>
  );
}

interface UrlFieldProps extends Pick<PullFormProps, 'model' | 'area'> {
  readonly count: number;
}

function UrlField({ model, count, area }: UrlFieldProps) {
  const problem = model.textProblem.value;
  return (
    <Field
      name="pull-urls"
      label="Media URLs, one per line"
      count={count === 0 ? `up to ${MOST}` : formatCount(count, 'URL')}
      isOver={count > MAX_PULLS}
      problem={problem}
    >
      <textarea
        {...describeInput({ name: 'pull-urls', problem })}
        ref={area}
        rows={4}
        wrap="off"
        autocapitalize="off"
        placeholder="https://media.example.com/film.mp4"
        value={model.text.value}
        onInput={({ currentTarget }) => model.write(currentTarget.value)}
        onKeyDown={(event) => {
          const isSend = event.key === 'Enter' && (event.ctrlKey || event.metaKey);
          if (isSend) event.currentTarget.form?.requestSubmit();
        }}
      />
    </Field>
  );
}

/** Options by their names in the request, with the ids of their fields. */
const IDS: Readonly<Record<keyof PullTexts, string>> = {
  storageRegion: 'pull-region',
  mediaType: 'pull-type',
  idempotencyKey: 'pull-key',
};

function PullOptions({ model, regions }: Pick<PullFormProps, 'model' | 'regions'>) {
  const isOpen = useSignal(false);
  const { texts, optionProblems, isBusy } = model;
  const set = Object.keys(readSettings(texts.value)).length;
  const problems = optionProblems.value;
  useEffect(() => {
    if (problems.some(({ path }) => path in IDS)) isOpen.value = true;
  }, [problems, isOpen]);
  const bind = (name: keyof PullTexts, hint?: string) => bindOption(model, problems, name, hint);
  const region = bind('storageRegion');
  const type = bind('mediaType', 'Where no URL tells it, as mp4.');
  const key = bind('idempotencyKey', 'The same URLs again under the same key are pulled once.');
  return (
    <Options id="pull-options" isOpen={isOpen} set={set}>
      <fieldset class="fields" disabled={isBusy.value}>
        <legend class="visually-hidden">What goes with every URL</legend>
        <Field {...region.field} label="Storage region">
          <RegionSelect input={region.input} regions={regions} none="As the application has it" />
        </Field>
        <Field {...type.field} label="Media type">
          <input {...type.input} type="text" placeholder="From each URL" autocapitalize="off" />
        </Field>
        <Field {...key.field} label="Idempotency key" isWide>
          <input {...key.input} type="text" placeholder="None" autocapitalize="off" />
        </Field>
      </fieldset>
    </Options>
  );
}

function bindOption(
  { texts }: Pick<PullModel, 'texts'>,
  problems: readonly FieldProblem[],
  name: keyof PullTexts,
  hint?: string,
) {
  const count = problems.filter(({ path }) => path === name).length;
  // Each row has the reason for its URL, which may differ.
  const problem = count === 0 ? '' : `Refused for ${formatCount(count, 'URL')}: see the rows.`;
  const field = { name: IDS[name], hint, problem };
  return {
    field,
    input: {
      ...describeInput(field),
      value: texts.value[name],
      onInput: ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) => {
        texts.value = { ...texts.peek(), [name]: currentTarget.value };
      },
    },
  };
}
