import { feedItem, submittedPull, timelineAction, timelineEvent, upload } from './answers.ts';
import type { Parts } from './json-schema.ts';
import { deadDelivery, deadItem, endpoint } from './operator-answers.ts';
import { problem } from './problem-schema.ts';
import { pullRun, runItem } from './run-answers.ts';

/** The schemas of answers to which the document gives a name. */
export const ANSWER_PARTS: Parts = {
  ...{ Upload: upload, SubmittedPull: submittedPull, Problem: problem, Endpoint: endpoint },
  ...{ TimelineEvent: timelineEvent, TimelineAction: timelineAction, FeedItem: feedItem },
  ...{ DeadDelivery: deadDelivery, DeadItem: deadItem, PullRun: pullRun, RunItem: runItem },
};
