import { readCallbackConfig } from '../../../lib/config/callback-config.ts';
import { readDeliveryConfig } from '../../../lib/config/delivery-config.ts';
import { ConfigError, type Environment } from '../../../lib/config/environment.ts';
import { readPullConfig } from '../../../lib/config/pull-config.ts';
import { readSignatureConfig } from '../../../lib/config/signature-config.ts';
import { finding, type Note } from './note.ts';

const READERS: Readonly<Record<string, (environment: Environment) => unknown>> = {
  signature: readSignatureConfig,
  pull: readPullConfig,
  callback: readCallbackConfig,
  'delivery of events': readDeliveryConfig,
};

/** Finds variables with which the functions would refuse to serve; it reads them as the functions do. */
export function checkConfiguration(environment: Environment): readonly Note[] {
  const usersByMessage = new Map<string, string[]>();
  for (const [user, read] of Object.entries(READERS)) {
    const message = readRefusal(() => read(environment));
    if (message === undefined) continue;
    usersByMessage.set(message, [...(usersByMessage.get(message) ?? []), user]);
  }
  return [...usersByMessage].map(([message, users]) =>
    finding(
      'configuration',
      `${users.join(' and ')}: ${message}.`,
      'Set what you deploy with right (the README lists every variable), and deploy again.',
    ),
  );
}

function readRefusal(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
}
