import { type Signal, useSignal } from '@preact/signals';
import type { Ref } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { describeInput, Field, FieldProblem } from '../components/field.tsx';
import { Options, RegionSelect } from '../components/options.tsx';
import type { FieldProblem as Problem } from '../stack/problem.ts';
import { CoverField } from './cover-field.tsx';
import { countContext, type OptionTexts, readOptions } from './upload-options.ts';

/** Fields whose problems the form shows. */
export const OPTION_FIELDS: readonly string[] = [
  ...['storageRegion', 'classId', 'procedure', 'taskNotifyMode', 'mediaExpireTime'],
  ...['expiresIn', 'sourceContext', 'oneTimeValid'],
];

interface OptionsFormProps {
  readonly texts: Signal<OptionTexts>;
  readonly isOpen: Signal<boolean>;
  readonly isEnabled: boolean;
  readonly regions: readonly string[];
  readonly problems: readonly Problem[];
  readonly cover: File | null;
  readonly onCover: (cover: File | null) => void;
  readonly form: Ref<HTMLFormElement>;
}

/** The options of the next upload. */
export function OptionsForm(props: OptionsFormProps) {
  const { texts, isOpen, isEnabled, problems, cover, onCover, form } = props;
  // A field that the user has changed since no longer has the refused value.
  const corrected = useSignal<readonly Problem[]>([]);
  const group = {
    ...props,
    problems: problems.filter((problem) => !corrected.value.includes(problem)),
  };
  const fields = useRef<HTMLFieldSetElement>(null);
  const set = Object.keys(readOptions(texts.value)).length;
  useEffect(() => {
    if (!problems.some(({ path }) => OPTION_FIELDS.includes(path))) return;
    isOpen.value = true;
    fields.current?.querySelector('[aria-invalid="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [problems, isOpen]);

  return (
    <Options id="options" isOpen={isOpen} set={set}>
      <form
        ref={form}
        noValidate
        onSubmit={(event) => event.preventDefault()}
        onInput={({ target }) => {
          const name = target instanceof Element ? target.id : '';
          corrected.value = problems.filter(
            (problem) => problem.path === name || corrected.peek().includes(problem),
          );
        }}
      >
        <fieldset ref={fields} class="fields" disabled={!isEnabled}>
          <legend class="visually-hidden">What the signature asks for</legend>
          <StorageFields {...group} />
          <ProcessingFields {...group} />
          <LastFields {...group} />
          <CoverField cover={cover} onCover={onCover} />
          <OneTimeField {...group} />
        </fieldset>
      </form>
    </Options>
  );
}

type GroupProps = Pick<OptionsFormProps, 'texts' | 'problems' | 'regions'>;

/** Returns the attributes of one input: its text and its problem. */
function bind(
  { texts, problems }: Pick<GroupProps, 'texts' | 'problems'>,
  name: string,
  hint?: string,
) {
  const problem = problems.find(({ path }) => path === name)?.message ?? '';
  return {
    field: { name, hint, problem },
    input: {
      ...describeInput({ name, hint, problem }),
      value: texts.value[name] ?? '',
      onInput: ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) => {
        texts.value = { ...texts.peek(), [name]: currentTarget.value };
      },
    },
  };
}

function StorageFields(props: GroupProps) {
  const region = bind(props, 'storageRegion');
  const category = bind(props, 'classId');
  return (
    <>
      <Field {...region.field} label="Storage region">
        <RegionSelect
          input={region.input}
          regions={props.regions}
          none="Fastest (the SDK tries them)"
        />
      </Field>
      <Field {...category.field} label="Category (class ID)">
        <input {...category.input} type="number" step="1" inputMode="numeric" placeholder="0" />
      </Field>
    </>
  );
}

function ProcessingFields(props: GroupProps) {
  const procedure = bind(
    props,
    'procedure',
    'VOD’s name of a task flow, or procedure. Simulated here.',
  );
  const mode = bind(props, 'taskNotifyMode');
  return (
    <>
      <Field {...procedure.field} label="Processing">
        <input {...procedure.input} type="text" list="procedure-names" placeholder="None" />
        <datalist id="procedure-names">
          <option value="LongVideoPreset" />
          <option value="SimpleAesEncryptPreset" />
        </datalist>
      </Field>
      <Field {...mode.field} label="Notifications about processing">
        <select {...mode.input}>
          <option value="">As VOD decides</option>
          <option value="Finish">One, at the end</option>
          <option value="Change">One for each step</option>
          <option value="None">None</option>
        </select>
      </Field>
    </>
  );
}

function LastFields(props: GroupProps) {
  const context = bind(
    props,
    'sourceContext',
    'Comes back in the event. The function’s own envelope needs a part of the 250 bytes.',
  );
  const expiry = bind(props, 'mediaExpireTime');
  const life = bind(props, 'expiresIn');
  return (
    <>
      <Field {...expiry.field} label="Delete the media after">
        <input {...expiry.input} type="datetime-local" />
      </Field>
      <Field {...life.field} label="Signature life, seconds">
        <input {...life.input} type="number" step="1" inputMode="numeric" placeholder="3600" />
      </Field>
      <Field {...context.field} {...countContext(props.texts.value)} label="Source context" isWide>
        <input {...context.input} type="text" />
      </Field>
    </>
  );
}

function OneTimeField({ texts, problems }: GroupProps) {
  const name = 'oneTimeValid';
  const problem = problems.find(({ path }) => path === name)?.message ?? '';
  return (
    <div class="field field-wide">
      <label class="check">
        <input
          {...describeInput({ name, problem })}
          type="checkbox"
          checked={texts.value[name] === 'yes'}
          onChange={({ currentTarget }) => {
            texts.value = { ...texts.peek(), [name]: currentTarget.checked ? 'yes' : '' };
          }}
        />{' '}
        One-time signature: good for one upload only
      </label>
      <FieldProblem name={name} problem={problem} />
    </div>
  );
}
