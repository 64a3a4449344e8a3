import { buildClient } from './build-client.ts';

await buildClient();
process.stdout.write(
  'client/dist is built: npm pack ./client, or npm install --install-links <this folder>/client in an app\n',
);
