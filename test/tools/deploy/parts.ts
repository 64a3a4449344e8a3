/** Parts that functions load only when they need them. */
export const PARTS = [
  ...[
    'answer-runs',
    'bound-signature',
    'database-url',
    'feed-statements',
    'ledger',
    'message-feed',
  ],
  ...['narrow-by-claim', 'open-durable', 'operator-routes', 'progress-source', 'pruned-tables'],
  ...['pull-runs', 'report-progress', 'settings', 'upload-contents', 'verify-token'],
];
