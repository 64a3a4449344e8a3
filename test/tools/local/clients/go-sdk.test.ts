import { describe } from 'vitest';
import { STACK_CHANGE } from '../../../support/clients/client-stage.ts';
import { describeClient } from '../../../support/clients/describe-client.ts';
import { useStack } from '../../../support/stack-stage.ts';
import { describeServerClient } from './describe-server-client.ts';
import { goClient } from './go-client.ts';
import { createRequestsClient } from './requests-client.ts';

const stage = useStack(() => STACK_CHANGE, { per: 'file' });

for (const version of [
  { version: '0.7.25', isNew: false },
  { version: '0.7.75', isNew: true },
]) {
  const client = goClient(version);
  describe(client.name, () => describeClient('Go', createRequestsClient(stage, client), stage));
  describeServerClient(client);
}
