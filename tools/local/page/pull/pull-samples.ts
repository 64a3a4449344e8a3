import { createElement } from '../components/dom.ts';

/** Sources to try the panel with; the made-up host is found by the local emulator alone. */
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

/** Returns buttons that hand the URL of a sample to `onChoose`. */
export function createPullSamples(onChoose: (url: string) => void): HTMLElement {
  const buttons = SAMPLES.map(({ text, url }) => {
    const button = createElement('button', {
      class: 'chip',
      text,
      attributes: { type: 'button', title: url, 'data-sample': url },
    });
    button.addEventListener('click', () => onChoose(url));
    return button;
  });
  const group = { role: 'group', 'aria-labelledby': 'pull-samples-label' };
  return createElement('div', { class: 'pull-samples', attributes: group }, [
    createElement('span', {
      class: 'label',
      text: 'Samples to add',
      attributes: { id: 'pull-samples-label' },
    }),
    createElement('div', { class: 'chips' }, buttons),
    createElement('p', {
      class: 'hint',
      text: 'The made-up host samples.example.com leads to samples on this machine.',
    }),
  ]);
}
