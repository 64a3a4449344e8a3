import { createVodUpload } from 'vod-upload-client';
import { endpoint, readToken } from './session.js';

/** Loads the SDK with the first upload. */
async function loadSdk() {
  // The local stack's own script sends the SDK to the emulator; a deployed app has no such line.
  if (import.meta.env.DEV) await loadScript(`${endpoint}/shim.js`);
  return import('vod-js-sdk-v6');
}

function loadScript(src) {
  return new Promise((resolve, reject) => {
    const onerror = () =>
      reject(new Error('The local stack does not answer: is "npm start" running?'));
    document.head.append(
      Object.assign(document.createElement('script'), { src, onload: resolve, onerror }),
    );
  });
}

export const client = createVodUpload({
  endpoint,
  token: readToken,
  sdk: loadSdk,
  sdkOptions: { chunkSize: 1024 * 1024 },
});
