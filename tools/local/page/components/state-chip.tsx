import type { Tone } from './tone.ts';

interface StateChipProps {
  readonly text: string;
  readonly tone: Tone;
}

/** A state in a word or two; nothing if the text is empty. */
export function StateChip({ text, tone }: StateChipProps) {
  if (text === '') return null;
  return (
    <span class="state-chip" data-tone={tone}>
      {text}
    </span>
  );
}
