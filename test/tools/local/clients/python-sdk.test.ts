import { describeServerClient } from './describe-server-client.ts';
import { pythonClient } from './python-client.ts';

describeServerClient(pythonClient);
