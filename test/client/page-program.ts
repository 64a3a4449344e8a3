import type { SdkModule } from '../../client/sdk.ts';
import { createVodUpload, type UploadOptions, type VodUpload } from '../../client/vod-upload.ts';

/** A file that a page makes by itself: noise from `seed`, or silence of some seconds. */
type PlannedFile =
  | { readonly name: string; readonly bytes: number; readonly seed: number }
  | { readonly name: string; readonly seconds: number };

interface UploadPlan extends Pick<UploadOptions, 'request'> {
  readonly file: PlannedFile;
  readonly cover?: PlannedFile;
}

/** What a test sees of an upload. */
interface Seen {
  readonly id: string | undefined;
  readonly state: VodUpload['state'];
  /** Names of its states, each once in a row. */
  readonly names: readonly string[];
}

declare global {
  interface Window {
    TcVod: SdkModule;
    /** Whether the caller is signed in. */
    isSignedIn: boolean;
    begin(key: string, plan: UploadPlan): void;
    act(key: string, action: 'pause' | 'resume' | 'cancel' | 'stop'): Promise<void>;
    see(key: string): Seen | undefined;
    unfinished(): readonly object[];
  }
}

const KIB = 1024;
const LAST_MODIFIED = 1_700_000_000_000;
const uploads = new Map<string, { upload: VodUpload; names: string[]; stop: () => void }>();

async function signIn(): Promise<string | undefined> {
  if (!window.isSignedIn) return undefined;
  const scope = 'upload:sign upload:read upload:cancel';
  const response = await fetch('/__local/token', {
    method: 'POST',
    body: JSON.stringify({ scope }),
  });
  return (await response.json()).token;
}

const client = createVodUpload({
  endpoint: '',
  token: signIn,
  sdk: () => window.TcVod,
  sdkOptions: {
    ...{ chunkSize: KIB * KIB, chunkParallelLimit: 2, progressInterval: 50, retryDelay: 50 },
  },
});

function makeFile(plan: PlannedFile): File {
  const bytes = 'seconds' in plan ? makeSilence(plan.seconds) : makeNoise(plan);
  return new File([bytes], plan.name, { lastModified: LAST_MODIFIED });
}

/** The same as test/support/made-file.ts makes. */
function makeNoise({
  bytes,
  seed,
}: {
  readonly bytes: number;
  readonly seed: number;
}): ArrayBuffer {
  const words = new Uint32Array(Math.ceil(bytes / 4));
  let x = seed >>> 0 || 1;
  for (let i = 0; i < words.length; i += 1) {
    x ^= x << 13;
    x >>>= 0;
    x ^= x >>> 17;
    x ^= x << 5;
    x >>>= 0;
    words[i] = x;
  }
  return words.buffer.slice(0, bytes);
}

/** A WAV file of 8 bits, 8000 a second: http://soundfile.sapp.org/doc/WaveFormat/ */
function makeSilence(seconds: number): ArrayBuffer {
  const rate = 8_000;
  const length = seconds * rate;
  const view = new DataView(new ArrayBuffer(44 + length));
  const write = (at: number, text: string) =>
    [...text].forEach((letter, i) => void view.setUint8(at + i, letter.charCodeAt(0)));
  write(0, 'RIFF');
  view.setUint32(4, 36 + length, true);
  write(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, rate, true);
  view.setUint32(28, rate, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  write(36, 'data');
  view.setUint32(40, length, true);
  for (let at = 44; at < view.byteLength; at += 1) view.setUint8(at, 128);
  return view.buffer;
}

window.isSignedIn = true;
window.begin = (key, { file, cover, request }) => {
  const stop = new AbortController();
  const upload = client.upload(makeFile(file), {
    ...(cover && { cover: makeFile(cover) }),
    ...(request && { request }),
    signal: stop.signal,
  });
  const names: string[] = [upload.state.name];
  upload.subscribe(({ name }) => {
    if (names.at(-1) !== name) names.push(name);
  });
  uploads.set(key, { upload, names, stop: () => stop.abort() });
};
window.act = async (key, action) => {
  const found = uploads.get(key);
  if (action === 'stop') found?.stop();
  else await found?.upload[action]();
};
window.see = (key) => {
  const found = uploads.get(key);
  return found && { id: found.upload.id, state: found.upload.state, names: found.names };
};
window.unfinished = () => client.unfinished();
