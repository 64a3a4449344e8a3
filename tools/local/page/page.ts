import { createWireList } from './activity/wire-list.ts';
import { byId, setText } from './components/dom.ts';
import { createFrame } from './components/frame.ts';
import { createConnectionStatus } from './connection-status.ts';
import { createServerFacts } from './facts/server-facts.ts';
import { createFaultPanel } from './lab/fault-panel.ts';
import { renderLibrary } from './lab/library.ts';
import { createSpeedControl } from './lab/speed-control.ts';
import { createSweepPanel } from './lab/sweep-panel.ts';
import { createPullPanel } from './pull/pull-panel.ts';
import { followActivities } from './stack/activity-stream.ts';
import { createApplicationText } from './stack/applications.ts';
import { connectLocalStack } from './stack/stack-client.ts';
import { createTenantSelect } from './tenant-select.ts';
import { createUploadPanel } from './upload/upload-panel.ts';
import { createRecentList } from './uploads-list/recent-list.ts';
import { createUploadStore } from './uploads-list/upload-store.ts';
import { createWayTabs } from './way-tabs.ts';

for (const scroller of document.querySelectorAll<HTMLElement>('pre, .wire')) {
  // Not every browser lets the keyboard into what scrolls.
  scroller.tabIndex = 0;
}

const tenant = createTenantSelect(() => {
  uploadStore.refresh();
  panel.changeTenant();
});
const stack = connectLocalStack(tenant.name);
const facts = createServerFacts();
const announcer = byId('announcer', HTMLParagraphElement);
const announce = (text: string) => setText(announcer, text);
const tabs = createWayTabs();
const uploadStore = createUploadStore(stack, () => {
  panel.render();
  pulls.render();
  recentFrame.request();
});
const applications = createApplicationText();
const recents = createRecentList(uploadStore, applications);
const recentFrame = createFrame(recents.render);
const context = { stack, facts, uploadStore, tenant, applications, announce };
const panel = createUploadPanel({ ...context, reveal: () => tabs.select('upload') });
const pulls = createPullPanel(context);
const sweep = createSweepPanel(stack);
const wire = createWireList();
const faults = createFaultPanel(stack);
const speed = createSpeedControl(stack);
const connection = createConnectionStatus(() => stream.reconnect());

function refreshLibrary(): void {
  stack.readInfo().then(
    (info) => {
      tenant.offer(info.tenants);
      applications.take(info);
      panel.render();
      recentFrame.request();
      renderLibrary(info);
      panel.offerRegions(info.regions);
      pulls.offerRegions(info.regions);
    },
    // The offline banner tells when there is nothing to ask.
    () => undefined,
  );
}

const stream = followActivities({
  onActivity(activity) {
    facts.take(activity);
    uploadStore.take(activity);
    wire.add(activity);
    panel.render();
    pulls.render();
    if (activity.type === 'fault') faults.refresh();
    if (activity.type === 'sweep') sweep.take(activity);
    if (activity.type === 'media') refreshLibrary();
  },
  onState(state) {
    connection.show(state);
    if (state !== 'open') return;
    faults.refresh();
    speed.refresh();
    uploadStore.refresh();
    refreshLibrary();
  },
});
