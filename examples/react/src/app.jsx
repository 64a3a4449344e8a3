import { useState } from 'react';
import { useVodUpload } from 'vod-upload-client/react';
import { client } from './client.js';
import { signIn, signOut } from './session.js';

const REQUEST = { limits: { maxBytes: 20_000_000, mediaTypes: ['mp4', 'mov', 'webm', 'wav'] } };

/** The whole app: it asks for files, and shows what becomes of them. */
export function App() {
  const { uploads, upload, dismiss } = useVodUpload(client);
  const [isSignedIn, setSignedIn] = useState(false);

  async function toggleSession() {
    if (isSignedIn) signOut();
    else await signIn();
    setSignedIn(!isSignedIn);
  }
  function choose({ target }) {
    for (const file of target.files) upload(file, { request: REQUEST });
    target.value = '';
  }
  return (
    <main>
      <h1>Uploads</h1>
      <button type="button" id="session" onClick={toggleSession}>
        {isSignedIn ? 'Sign out' : 'Sign in'}
      </button>
      <label>
        Videos{' '}
        <input
          id="files"
          type="file"
          accept="video/*,audio/*"
          multiple
          onChange={choose}
          disabled={!isSignedIn}
        />
      </label>
      <Unfinished />
      <ul>
        {uploads.map(({ key, upload: one, state }) => (
          <Row key={key} upload={one} state={state} onDismiss={() => dismiss(one)} />
        ))}
      </ul>
    </main>
  );
}

/** Names the files whose uploads a reload has interrupted: a page cannot keep a file itself. */
function Unfinished() {
  return client.unfinished().map(({ uploadId, name }) => (
    <p key={uploadId} className="unfinished">
      Choose {name} again to continue its upload.
    </p>
  ));
}

function Row({ upload, state, onDismiss }) {
  const { name } = state;
  const canPause = name === 'uploading' || name === 'preparing' || name === 'waiting';
  const canResume =
    name === 'paused' || name === 'stopped' || (name === 'failed' && state.canResume);
  const isOver = ['ready', 'cancelled', 'failed'].includes(name);
  const [refusal, setRefusal] = useState('');
  return (
    <li data-file={upload.file.name} data-state={name}>
      <strong>{upload.file.name}</strong> <output>{describe(state)}</output>
      {'loaded' in state && <progress max={state.total} value={state.loaded} />}
      {canPause && (
        <button type="button" onClick={upload.pause}>
          Pause
        </button>
      )}
      {canResume && (
        <button type="button" onClick={upload.resume}>
          Resume
        </button>
      )}
      {!isOver && (
        <button
          type="button"
          onClick={() => upload.cancel().catch(({ message }) => setRefusal(message))}
        >
          Cancel
        </button>
      )}
      {isOver && (
        <button type="button" onClick={onDismiss}>
          Dismiss
        </button>
      )}
      {refusal !== '' && <em>{refusal}</em>}
    </li>
  );
}

function describe(state) {
  switch (state.name) {
    case 'uploading': {
      const percent = Math.floor((state.loaded / state.total) * 100);
      const left =
        state.remainingSeconds === undefined ? '' : `, ${Math.ceil(state.remainingSeconds)} s left`;
      return `${percent} %${left}`;
    }
    case 'processing':
      return 'sent, being processed';
    case 'failed':
      return state.problem.detail;
    default:
      return state.name;
  }
}
