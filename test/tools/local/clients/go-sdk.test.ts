import { describeServerClient } from './describe-server-client.ts';
import { goClient } from './go-client.ts';

describeServerClient(goClient({ version: '0.7.25', isNew: false }));
describeServerClient(goClient({ version: '0.7.75', isNew: true }));
