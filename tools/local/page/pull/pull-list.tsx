import type { UploadStore } from '../uploads-list/upload-store.ts';
import { isEnded, type PullItem, summarizePulls } from './pull.ts';
import type { PullModel } from './pull-model.ts';
import { PullRow } from './pull-row.tsx';

interface PullListProps {
  readonly model: PullModel;
  readonly uploads: UploadStore;
  readonly onEdit: (item: PullItem) => void;
}

/** More rows than this scroll in their own area, so that the content below stays near. */
const MAX_UNSCROLLED = 12;

/** The card with a row for each pull. */
export function PullList({ model, uploads, onEdit }: PullListProps) {
  const pulls = model.pulls.value;
  if (pulls.length === 0) return null;
  const views = pulls.map(({ view }) => view);
  const unsent = views.filter(({ state }) => state === 'unsent').length;
  const isLong = pulls.length > MAX_UNSCROLLED;
  return (
    <section id="pulls-card" class="card" aria-labelledby="pulls-heading">
      <header class="card-head">
        <h2 id="pulls-heading">Pulls</h2>
        <p id="pulls-summary" class="muted">
          {summarizePulls(views)}
        </p>
        <div class="pulls-actions">
          {unsent > 0 && (
            <button
              id="pulls-rest"
              class="button button-small"
              type="button"
              disabled={model.isBusy.value}
              onClick={() => void model.sendRest()}
            >
              Send the rest ({unsent.toLocaleString('en')})
            </button>
          )}
          {views.some(isEnded) && (
            <button class="button button-small" type="button" onClick={model.tidy}>
              Clear ended
            </button>
          )}
        </div>
      </header>
      <ol id="pulls" class="rows" data-long={isLong} {...(isLong ? { tabIndex: 0 } : {})}>
        {pulls.map((pull) => (
          <PullRow
            key={pull.item.id}
            {...pull}
            uploads={uploads}
            onEdit={() => onEdit(pull.item)}
          />
        ))}
      </ol>
    </section>
  );
}
