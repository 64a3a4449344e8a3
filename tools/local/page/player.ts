import { createElement } from './dom.ts';

const IMAGE_NAME = /\.(avif|bmp|gif|jpe?g|png|webp)$/i;
const AUDIO_NAME = /\.(aac|amr|flac|m4a|mp3|ogg|wav|wma)$/i;

/** Answers an element that shows the media at `url` with the browser's own controls. */
export function createPlayer(url: string, coverUrl: string, type: string): HTMLElement {
  if (type.startsWith('image/') || IMAGE_NAME.test(url)) {
    return createElement('img', { attributes: { id: 'player', src: url, alt: 'Uploaded image' } });
  }
  const isAudio = type.startsWith('audio/') || AUDIO_NAME.test(url);
  const player = createElement(isAudio ? 'audio' : 'video', {
    attributes: {
      id: 'player',
      src: url,
      controls: '',
      preload: 'metadata',
      'aria-label': 'Uploaded media',
    },
  });
  if (player instanceof HTMLVideoElement) {
    player.playsInline = true;
    if (coverUrl !== '') player.poster = coverUrl;
  }
  player.addEventListener('error', () => player.replaceWith(createUnplayable(url)));
  return player;
}

function createUnplayable(url: string): HTMLElement {
  return createElement('p', { class: 'unplayable', attributes: { id: 'player' } }, [
    createElement('span', {
      text: 'This browser cannot play the file. It is stored all the same: ',
    }),
    createElement('a', { text: 'download it', attributes: { href: url, download: '' } }),
  ]);
}
