import { byId, createElement, setText } from '../components/dom.ts';
import type { StageView } from './stages.ts';
import { STAGES, type Stage } from './upload.ts';

const STAGE_TEXTS: Readonly<Record<Stage, { name: string; about: string }>> = {
  signature: { name: 'Signature', about: 'The function says what this upload may do.' },
  apply: { name: 'Apply', about: 'VOD checks the signature and lends storage keys.' },
  upload: { name: 'Upload', about: 'The browser sends parts straight to storage.' },
  commit: { name: 'Commit', about: 'VOD makes the stored object a media file.' },
  callback: { name: 'Callback', about: 'The function receives the signed event.' },
  procedure: { name: 'Procedure', about: 'Processing, if asked for. Simulated here.' },
};

/** The row of stages. */
export interface StageList {
  render(
    views: Record<Stage, StageView>,
    details: { isIdle: boolean; hasProcedure: boolean },
  ): void;
}

/** Builds the row of stages; what changes is also told to `announce`, all at once. */
export function createStageList(announce: (text: string) => void): StageList {
  const list = byId('stages', HTMLOListElement);
  const items = new Map(STAGES.map((stage) => [stage, createStageItem(stage)]));
  list.append(...[...items.values()].map(({ item }) => item));

  return {
    render(views, { isIdle, hasProcedure }) {
      list.dataset['idle'] = String(isIdle);
      const news: string[] = [];
      for (const [stage, { item, show }] of items) {
        item.hidden = stage === 'procedure' && !isIdle && !hasProcedure;
        const { name, about } = STAGE_TEXTS[stage];
        const { state, detail } = views[stage];
        const isNews = show(state, isIdle ? about : detail);
        if (isNews && state !== 'waiting') news.push(`${name}: ${state}`);
      }
      if (news.length > 0) announce(news.join('. '));
    },
  };
}

function createStageItem(stage: Stage) {
  const status = createElement('span', { class: 'visually-hidden', text: 'waiting' });
  const detail = createElement('span', { class: 'stage-detail' });
  const item = createElement(
    'li',
    { class: 'stage', attributes: { 'data-stage': stage, 'data-state': 'waiting' } },
    [
      createElement('span', { class: 'stage-dot', attributes: { 'aria-hidden': 'true' } }),
      createElement('span', { class: 'stage-name', text: STAGE_TEXTS[stage].name }),
      status,
      detail,
    ],
  );
  /** Tells whether the state is another one than before. */
  function show(state: StageView['state'], text: string): boolean {
    setText(detail, text);
    if (item.dataset['state'] === state) return false;
    item.dataset['state'] = state;
    setText(status, state);
    return true;
  }
  return { item, show };
}
