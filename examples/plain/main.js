import { createVodUpload } from 'vod-upload-client';

const SERVICE = 'http://localhost:3000';
const find = (id) => document.getElementById(id);

let token; // of your login; here the local stack plays it
async function signIn() {
  const body = JSON.stringify({ sub: 'user-42', scope: 'upload:sign upload:read upload:cancel' });
  const response = await fetch(`${SERVICE}/__local/token`, { method: 'POST', body });
  ({ token } = await response.json());
}

const client = createVodUpload({
  endpoint: SERVICE,
  token: () => token,
  sdk: () => window.TcVod,
  sdkOptions: { chunkSize: 1024 * 1024 },
});

find('session').addEventListener('click', async ({ target }) => {
  if (token) token = undefined;
  else await signIn();
  target.textContent = token ? 'Sign out' : 'Sign in';
  find('files').disabled = !token;
});

find('files').addEventListener('change', ({ target }) => {
  for (const file of target.files)
    show(client.upload(file, { request: { limits: { maxBytes: 20_000_000 } } }));
  target.value = '';
});

find('unfinished').textContent = client
  .unfinished()
  .map(({ name }) => `Choose ${name} again to continue its upload.`)
  .join(' ');

function show(upload) {
  const row = document.createElement('li');
  row.dataset.file = upload.file.name;
  const text = document.createElement('output');
  const button = (label, act) => {
    const element = Object.assign(document.createElement('button'), {
      type: 'button',
      textContent: label,
    });
    element.addEventListener('click', act);
    return element;
  };
  const cancel = () => upload.cancel().catch(({ message }) => row.append(message));
  row.append(
    `${upload.file.name} `,
    text,
    button('Pause', upload.pause),
    button('Resume', upload.resume),
    button('Cancel', cancel),
  );
  find('uploads').append(row);
  upload.subscribe(render);
  render(upload.state);

  function render(state) {
    row.dataset.state = state.name;
    text.value =
      state.name === 'uploading'
        ? `${Math.floor((state.loaded / state.total) * 100)} %`
        : (state.problem?.detail ?? state.name);
  }
}
