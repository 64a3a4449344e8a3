import { effect, type ReadonlySignal, signal, untracked } from '@preact/signals';
import type { RecordedActivity } from '../../activity.ts';
import { type ActivityModel, createActivityModel } from '../activity/activity-model.ts';
import { createServerFacts, type ServerFacts } from '../facts/server-facts.ts';
import { createLabModel, type LabModel } from '../lab/lab-model.ts';
import { createPullModel, type PullModel } from '../pull/pull-model.ts';
import { type ActivityStream, followActivities } from '../stack/activity-stream.ts';
import { connectLocalStack, type LocalStack } from '../stack/stack-client.ts';
import type { StackInfo } from '../stack/stack-controls.ts';
import { createTenantChoice, type TenantChoice } from '../stack/tenant-choice.ts';
import { describeNews } from '../upload/stage-list.tsx';
import { createUploadModel, type UploadModel } from '../upload/upload-model.ts';
import { createUploadStore, type UploadStore } from '../uploads-list/upload-store.ts';
import { createViewChoice, type ViewChoice } from './view.ts';

/** All data of the page, which the stack keeps up to date. */
export interface PageModel {
  readonly views: ViewChoice;
  readonly stream: ActivityStream;
  readonly facts: ServerFacts;
  readonly tenant: TenantChoice;
  /** Null until the stack has answered. */
  readonly info: ReadonlySignal<StackInfo | null>;
  readonly uploads: UploadStore;
  readonly upload: UploadModel;
  readonly pulls: PullModel;
  readonly lab: LabModel;
  readonly activity: ActivityModel;
  /** Text for screen readers. */
  readonly announcement: ReadonlySignal<string>;
}

/** Connects the page to the stack that served it, and returns its model. */
export function createPageModel(): PageModel {
  const tenant = createTenantChoice();
  const stack = connectLocalStack(() => tenant.name.peek());
  const announcement = signal('');
  const announce = (text: string) => {
    if (text !== '') announcement.value = text;
  };
  const facts = createServerFacts();
  const uploads = createUploadStore(stack);
  const context = { stack, facts, uploads, tenant: tenant.name, announce };
  const upload = createUploadModel(context);
  const pulls = createPullModel(context);
  const lab = createLabModel(stack);
  const activity = createActivityModel();
  const { info, refreshInfo } = createInfo(stack, tenant);

  function take(one: RecordedActivity): void {
    facts.take(one);
    uploads.take(one);
    if (one.type === 'fault') lab.refresh();
    if (one.type === 'sweep') lab.takeSweep(one);
    if (one.type === 'media') refreshInfo();
  }
  const stream = followActivities((activities) => {
    activities.forEach(take);
    activity.take(activities);
  });
  effect(() => {
    if (stream.state.value !== 'open') return;
    untracked(lab.refresh);
    refreshInfo();
  });
  effect(() => {
    // Runs also when the tenant changes, since each tenant has other uploads.
    if (stream.state.value === 'open' && tenant.name.value !== undefined) uploads.refresh();
  });
  announceStages(upload, announce);
  return {
    ...{ views: createViewChoice(), stream, facts, tenant, info, uploads },
    ...{ upload, pulls, lab, activity, announcement },
  };
}

function createInfo(stack: LocalStack, tenant: TenantChoice) {
  const info = signal<StackInfo | null>(null);
  return {
    info,
    refreshInfo(): void {
      stack.readInfo().then(
        (told) => {
          tenant.offer(told.tenants);
          info.value = told;
        },
        // The banner reports that the stack is not available.
        () => undefined,
      );
    },
  };
}

function announceStages(upload: UploadModel, announce: (text: string) => void): void {
  let before = upload.stages.peek();
  effect(() => {
    const after = upload.stages.value;
    untracked(() => announce(describeNews(before, after)));
    before = after;
  });
}
