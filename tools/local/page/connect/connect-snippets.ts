/** A piece of code that connects an app to the stack at an origin. */
export interface Snippet {
  /** Its name, and that of its tab. */
  readonly name: 'app' | 'curl';
  readonly title: string;
  readonly about: string;
  readonly write: (origin: string) => string;
}

/** Ways to connect; each runs unchanged. */
export const SNIPPETS: readonly Snippet[] = [
  {
    name: 'app',
    title: 'Web app',
    about:
      'A whole page: serve it from any port of this machine, as index.html of your dev server, and choose a file. What it does is listed here under “What happens”.',
    write: (origin) => `<!doctype html>
<meta charset="utf-8">
<title>Upload</title>
<input id="file" type="file">
<output id="state"></output>

<!-- Only here: leads the SDK's requests to the local stack instead of the cloud. -->
<script src="${origin}/shim.js"></script>
<!-- In your app: npm install vod-js-sdk-v6 -->
<script src="${origin}/sdk.js"></script>
<script type="module">
  const { default: TcVod } = window.TcVod
  const state = document.querySelector('#state')

  // Your login gives this token; here the local stack plays the login.
  async function readToken() {
    const response = await fetch('${origin}/__local/token', {
      method: 'POST',
      body: JSON.stringify({ sub: 'user-42' }),
    })
    return (await response.json()).token
  }

  document.querySelector('#file').addEventListener('change', async ({ target }) => {
    let uploadId // one upload, however often the SDK asks for a signature
    async function getSignature() {
      const response = await fetch('${origin}/signature', {
        method: 'POST',
        headers: {
          Authorization: \`Bearer \${await readToken()}\`,
          'Content-Type': 'application/json',
        },
        body: JSON.stringify({ uploadId }),
      })
      const answer = await response.json()
      if (!response.ok) throw new Error(answer.detail)
      uploadId = answer.uploadId
      return answer.signature
    }
    try {
      const uploader = new TcVod({ getSignature }).upload({ mediaFile: target.files[0] })
      uploader.on('media_progress', ({ percent }) => {
        state.value = \`\${Math.round(percent * 100)} %\`
      })
      const { fileId } = await uploader.done()
      state.value = \`Uploaded as \${fileId}\`
    } catch (error) {
      state.value = error.message
    }
  })
</script>
`,
  },
  {
    name: 'curl',
    title: 'curl',
    about:
      'The same from a shell: a token, a signature, a pull, and what became of your uploads. The token takes the place of the one that your login gives.',
    write: (origin) => `REQUEST='{"sub":"user-42","scope":"upload:sign upload:pull upload:read"}'
TOKEN=$(curl -s ${origin}/__local/token -d "$REQUEST" | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')

# A signature for an upload SDK
curl -s ${origin}/signature -H "Authorization: Bearer $TOKEN" -d '{}'

# VOD fetches a URL by itself
curl -s ${origin}/pull -H "Authorization: Bearer $TOKEN" \\
  -d '{"mediaUrl":"http://samples.example.com/video.mp4"}'

# What became of them
curl -s ${origin}/uploads -H "Authorization: Bearer $TOKEN"
`,
  },
];
