import { useSignal } from '@preact/signals';

/** Sources for trying the panel; only the local emulator can resolve their invented host. */
const SAMPLES: readonly { readonly text: string; readonly url: string }[] = [
  { text: 'Video', url: 'http://samples.example.com/video.mp4' },
  { text: 'Audio', url: 'http://samples.example.com/tone.wav' },
  { text: 'Missing', url: 'http://samples.example.com/missing.mp4' },
  {
    text: 'Redirects to a private address',
    url: 'http://samples.example.com/redirect-private.mp4',
  },
  { text: 'Stalls half-way', url: 'http://samples.example.com/slow.mp4' },
  { text: 'Private address', url: 'http://10.0.0.7/video.mp4' },
];

/** Buttons that add the URL of a sample: one stop of the tab key; the arrow keys move between them. */
export function PullSamples({ onChoose }: { readonly onChoose: (url: string) => void }) {
  const current = useSignal(0);

  function move(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    current.value = (current.value + step + SAMPLES.length) % SAMPLES.length;
    event.currentTarget.querySelectorAll('button')[current.value]?.focus();
  }
  return (
    <div class="pull-samples">
      <span id="pull-samples-label" class="label">
        Samples to add
      </span>
      <div class="chips" role="toolbar" aria-labelledby="pull-samples-label" onKeyDown={move}>
        {SAMPLES.map(({ text, url }, place) => (
          <button
            key={url}
            class="chip"
            type="button"
            title={url}
            data-sample={url}
            tabIndex={place === current.value ? 0 : -1}
            onFocus={() => {
              current.value = place;
            }}
            onClick={() => onChoose(url)}
          >
            {text}
          </button>
        ))}
      </div>
      <p class="hint">The made-up host samples.example.com points to samples on this machine.</p>
    </div>
  );
}

const STEPS: Readonly<Record<string, 1 | -1>> = { ArrowRight: 1, ArrowLeft: -1 };
