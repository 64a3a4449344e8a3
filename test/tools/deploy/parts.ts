/** Parts that functions load only when they need them. */
export const PARTS = [
  ...[
    'answer-runs',
    'bound-signature',
    'database-url',
    'dead-delivery-statements',
    'feed-statements',
    'ledger',
    'message-feed',
  ],
  ...['narrow-by-claim', 'open-durable', 'operator-routes', 'progress-config', 'progress-source'],
  ...[
    'pruned-tables',
    'pull-runs',
    'report-progress',
    'settings',
    'timeline-statements',
    'upload-contents',
  ],
  'verify-token',
];
