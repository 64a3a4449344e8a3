import { buildClient } from './build-client.ts';

await buildClient();
process.stdout.write(
  'client/dist has the package: npm pack ./client, or npm install <this folder>/client\n',
);
