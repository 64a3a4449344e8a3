import { STACK_CHANGE } from '../../../support/clients/client-stage.ts';
import { describeClient } from '../../../support/clients/describe-client.ts';
import { useStack } from '../../../support/stack-stage.ts';
import { describeServerClient } from './describe-server-client.ts';
import { phpClient } from './php-client.ts';
import { createRequestsClient } from './requests-client.ts';

const stage = useStack(() => STACK_CHANGE, { per: 'file' });

describeClient('PHP', createRequestsClient(stage, phpClient), stage);
describeServerClient(phpClient);
