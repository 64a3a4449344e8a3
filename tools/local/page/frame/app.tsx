import { ActivityList } from '../activity/activity-list.tsx';
import { ConnectView } from '../connect/connect-view.tsx';
import { LabView } from '../lab/lab-view.tsx';
import { ResumeBanner } from '../upload/resume-banner.tsx';
import { OfflineBanner } from './connection-status.tsx';
import { HomeView } from './home-view.tsx';
import { Masthead } from './masthead.tsx';
import type { PageModel } from './page-model.ts';

/** The whole page. */
export function App({ page }: { readonly page: PageModel }) {
  const { views, upload, lab, info, stream } = page;
  const view = views.view.value;
  const note = upload.note.value;
  return (
    <>
      <a class="skip-link" href="#main">
        Skip to the content
      </a>
      <Masthead page={page} />
      <OfflineBanner stream={stream} />
      {note !== null && upload.upload.value.phase === 'idle' && (
        <ResumeBanner note={note} onDismiss={upload.forget} />
      )}
      <main id="main" class="columns" tabIndex={-1}>
        <HomeView page={page} isShown={view === 'upload' || view === 'pull'} />
        {view === 'lab' && <LabView lab={lab} model={upload} info={info.value} />}
        {view === 'connect' && <ConnectView />}
        <div class="column column-side">
          <ActivityList model={page.activity} />
        </div>
      </main>
      <Foot />
      <p class="visually-hidden" aria-live="polite">
        {page.announcement.value}
      </p>
    </>
  );
}

function Foot() {
  return (
    <footer class="foot">
      <p>
        The upload SDK is the vendor’s <code>vod-js-sdk-v6</code>, unmodified; a small shim sends
        its requests here instead of to the cloud. VOD is a local emulator, and processing is
        simulated: nothing is transcoded.
      </p>
    </footer>
  );
}
