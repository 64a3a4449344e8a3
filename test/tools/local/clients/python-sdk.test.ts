import { STACK_CHANGE } from '../../../support/clients/client-stage.ts';
import { describeClient } from '../../../support/clients/describe-client.ts';
import { useStack } from '../../../support/stack-stage.ts';
import { describeServerClient } from './describe-server-client.ts';
import { pythonClient } from './python-client.ts';
import { createRequestsClient } from './requests-client.ts';

const stage = useStack(() => STACK_CHANGE, { per: 'file' });

describeClient('Python', createRequestsClient(stage, pythonClient), stage);
describeServerClient(pythonClient);
