import { describeServerClient } from './describe-server-client.ts';
import { phpClient } from './php-client.ts';

describeServerClient(phpClient);
