import { useSignal } from '@preact/signals';

const IMAGE_NAME = /\.(avif|bmp|gif|jpe?g|png|webp)$/i;
const AUDIO_NAME = /\.(aac|amr|flac|m4a|mp3|ogg|wav|wma)$/i;

interface PlayerProps {
  readonly url: string;
  readonly coverUrl: string;
  /** Media type, if the browser knows it; otherwise it is derived from the name. */
  readonly type?: string;
  /** Id of the element in the page. */
  readonly id?: string;
}

/**
 * A media with the browser's own controls, or a link if the browser cannot play it. Another `url` needs another `key`.
 */
export function Player({ url, coverUrl, type = '', id }: PlayerProps) {
  const isUnplayable = useSignal(false);
  const src = pagePath(url);
  if (isUnplayable.value) {
    return (
      <p class="unplayable" id={id}>
        This browser cannot play the file. It is stored nevertheless:{' '}
        <a href={src} download="">
          download it
        </a>
      </p>
    );
  }
  if (type.startsWith('image/') || IMAGE_NAME.test(url)) {
    return <img id={id} src={src} alt="What was uploaded" />;
  }
  const details = {
    id,
    src,
    controls: true,
    preload: 'metadata',
    'aria-label': 'The media',
    onError: () => {
      isUnplayable.value = true;
    },
  } as const;
  if (type.startsWith('audio/') || AUDIO_NAME.test(url)) {
    return <audio {...details} />;
  }
  return <video {...details} playsInline {...(coverUrl === '' ? {} : { poster: coverUrl })} />;
}

/** The page may have been opened with another name of this machine than the one in the media's URL. */
function pagePath(url: string): string {
  const { pathname } = new URL(url, location.href);
  return pathname.startsWith('/media/') ? pathname : url;
}
