import { createElement } from './dom.ts';

const IMAGE_NAME = /\.(avif|bmp|gif|jpe?g|png|webp)$/i;
const AUDIO_NAME = /\.(aac|amr|flac|m4a|mp3|ogg|wav|wma)$/i;

/** What is played, and as what. */
interface PlayerSource {
  readonly url: string;
  readonly coverUrl: string;
  /** Media type, where the browser knows it; the name tells else. */
  readonly type?: string;
  /** Id of the element in the page. */
  readonly id?: string;
}

/** Returns an element that shows the media with the browser's own controls. */
export function createPlayer({ url, coverUrl, type = '', id }: PlayerSource): HTMLElement {
  const src = pagePath(url);
  const named = id === undefined ? {} : { id };
  if (type.startsWith('image/') || IMAGE_NAME.test(url)) {
    return createElement('img', { attributes: { ...named, src, alt: 'The image' } });
  }
  const isAudio = type.startsWith('audio/') || AUDIO_NAME.test(url);
  const attributes = {
    ...named,
    src,
    controls: '',
    preload: 'metadata',
    'aria-label': 'The media',
  };
  const player = createElement(isAudio ? 'audio' : 'video', { attributes });
  if (player instanceof HTMLVideoElement) {
    player.playsInline = true;
    if (coverUrl !== '') player.poster = coverUrl;
  }
  player.addEventListener('error', () => player.replaceWith(createUnplayable(src, named)));
  return player;
}

/** The page may have been opened under another name of this machine than the one in the media's URL. */
function pagePath(url: string): string {
  const { pathname } = new URL(url, location.href);
  return pathname.startsWith('/media/') ? pathname : url;
}

function createUnplayable(url: string, attributes: Readonly<Record<string, string>>): HTMLElement {
  return createElement('p', { class: 'unplayable', attributes }, [
    createElement('span', {
      text: 'This browser cannot play the file. It is stored all the same: ',
    }),
    createElement('a', { text: 'download it', attributes: { href: url, download: '' } }),
  ]);
}
