import { useRef } from 'preact/hooks';
import { FileName } from '../components/file-name.tsx';

interface CoverFieldProps {
  readonly cover: File | null;
  readonly onCover: (cover: File | null) => void;
}

/** The field for the cover image of the media. */
export function CoverField({ cover, onCover }: CoverFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <div class="field field-wide">
      <span id="cover-label" class="label">
        Cover image
      </span>
      <div class="file-field">
        <input
          ref={input}
          id="cover"
          class="visually-hidden"
          type="file"
          accept="image/*"
          aria-labelledby="cover-label cover-name"
          onChange={({ currentTarget }) => {
            const file = currentTarget.files?.[0];
            currentTarget.value = '';
            if (file !== undefined) onCover(file);
          }}
        />
        <label class="button" for="cover">
          Choose image
        </label>
        <span id="cover-name" class="muted">
          {cover === null ? 'None' : <FileName name={cover.name} />}
        </span>
        <button
          class="button button-quiet"
          type="button"
          hidden={cover === null}
          onClick={() => {
            onCover(null);
            input.current?.focus();
          }}
        >
          Remove
        </button>
      </div>
    </div>
  );
}
