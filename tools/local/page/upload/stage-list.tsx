import type { StageView } from './stages.ts';
import { STAGES, type Stage } from './upload.ts';

/** The name of each stage, and what happens in it. */
const STAGE_TEXTS: Readonly<Record<Stage, { readonly name: string; readonly about: string }>> = {
  signature: { name: 'Sign', about: 'Your backend signs what this upload may do.' },
  apply: { name: 'Open', about: 'VOD checks the signature and lends storage credentials.' },
  upload: { name: 'Send', about: 'The browser sends parts straight to storage.' },
  commit: { name: 'Finish', about: 'VOD makes a media file of what is stored.' },
  callback: { name: 'Notify', about: 'VOD notifies your backend, which notifies your app.' },
  procedure: { name: 'Process', about: 'VOD transcodes, if asked to. Simulated here.' },
};

interface StageListProps {
  readonly stages: Readonly<Record<Stage, StageView>>;
  /** No file has been chosen: the stages are explained. */
  readonly isIdle: boolean;
  readonly hasProcedure: boolean;
}

/** The stages of the upload in a row. */
export function StageList({ stages, isIdle, hasProcedure }: StageListProps) {
  return (
    <ol id="stages" class="stages" aria-label="Stages of an upload" data-idle={isIdle}>
      {STAGES.map((stage) => {
        const { state, detail } = stages[stage];
        const { name, about } = STAGE_TEXTS[stage];
        return (
          <li
            key={stage}
            class="stage"
            data-stage={stage}
            data-state={state}
            hidden={stage === 'procedure' && !isIdle && !hasProcedure}
          >
            <span class="stage-dot" aria-hidden="true" />
            <span class="stage-name">{name}</span>
            <span class="visually-hidden">{state}</span>
            <span class="stage-detail">{isIdle ? about : detail}</span>
          </li>
        );
      })}
    </ol>
  );
}

/** Returns what has changed between two states of the stages, for screen readers. */
export function describeNews(
  before: Readonly<Record<Stage, StageView>>,
  after: Readonly<Record<Stage, StageView>>,
): string {
  return STAGES.filter(
    (stage) => after[stage].state !== before[stage].state && after[stage].state !== 'waiting',
  )
    .map((stage) => `${STAGE_TEXTS[stage].name}: ${after[stage].state}`)
    .join('. ');
}
