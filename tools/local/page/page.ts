import { followActivities } from './activity-stream.ts';
import { createApplicationText } from './applications.ts';
import { createConnectionStatus } from './connection-status.ts';
import { byId, setText } from './dom.ts';
import { createFaultPanel } from './fault-panel.ts';
import { createFrame } from './frame.ts';
import { renderLibrary } from './library.ts';
import { createPullPanel } from './pull-panel.ts';
import { createRecentList } from './recent-list.ts';
import { createServerFacts } from './server-facts.ts';
import { createSpeedControl } from './speed-control.ts';
import { connectLocalStack } from './stack-client.ts';
import { createSweepPanel } from './sweep-panel.ts';
import { createTenantSelect } from './tenant-select.ts';
import { createUploadPanel } from './upload-panel.ts';
import { createUploadStore } from './upload-store.ts';
import { createWayTabs } from './way-tabs.ts';
import { createWireList } from './wire-list.ts';

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
