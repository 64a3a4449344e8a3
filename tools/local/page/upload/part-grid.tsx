import type { ServerFacts } from '../facts/server-facts.ts';
import { describeParts } from './part-states.ts';
import type { Upload } from './upload.ts';

interface PartGridProps {
  readonly upload: Upload;
  readonly facts: ServerFacts;
}

/** The parts of the upload in storage, one cell each. */
export function PartGrid({ upload, facts }: PartGridProps) {
  if (upload.applied === null) return null;
  const { cells, summary } = describeParts(upload, facts);
  return (
    <div id="parts" class="parts">
      <p class="parts-head">
        <span class="label">Parts in storage</span>
        <span id="parts-summary" class="muted">
          {summary}
        </span>
      </p>
      <div
        class="part-grid"
        role="img"
        aria-labelledby="parts-summary"
        data-size={sizeOf(cells.length)}
      >
        {cells.map(({ state, isKept }, place) => (
          <span key={place} class="part" data-state={state} data-kept={isKept || undefined} />
        ))}
      </div>
      <p class="legend" aria-hidden="true">
        <span data-state="stored">stored</span>
        <span data-state="stored" data-kept="true">
          kept from before
        </span>
        <span data-state="uploading">on its way</span>
        <span data-state="failed">refused</span>
        <span data-state="missing">missing</span>
      </p>
    </div>
  );
}

function sizeOf(cells: number): string {
  if (cells <= 40) return 'large';
  return cells <= 150 ? 'medium' : 'small';
}
