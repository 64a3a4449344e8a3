import { startPullServer } from './pull-server.ts';

/* Runs in a process of its own, so that what it does takes no time from what is measured. */
const server = await startPullServer(Number(process.argv[2]));
process.on('disconnect', () => process.exit());
process.send?.(server.endpoint);
