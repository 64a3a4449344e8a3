import type { ServerClock } from './server-clock.ts';

/** Temporary credentials for the folder of one upload. */
export interface StorageGrant {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token: string;
  /** Unix seconds. */
  readonly expiresAt: number;
}

/** Share of their life that credentials are used, before others are asked for. */
const USED_SHARE = 0.9;

/** Less than this is not enough for a part, in milliseconds; more is not needed. */
const RESERVE = { least: 15_000, most: 300_000 };

/** The credentials of an upload, which are replaced before they expire. */
export interface Credentials {
  /** Returns credentials for a request. Rejects with a `PutError` if new ones are needed and refused. */
  readonly current: () => Promise<StorageGrant>;
  /** Storage accepted a request with these. */
  readonly accepted: (grant: StorageGrant) => void;
  /** Storage refused these. Returns whether a request with others may succeed. */
  readonly refused: (grant: StorageGrant) => boolean;
}

/**
 * Creates the credentials of an upload.
 *
 * @param first undefined, if there are none yet.
 * @param renew called once at a time, however many requests wait for it.
 */
export function createCredentials(
  first: StorageGrant | undefined,
  renew: () => Promise<StorageGrant>,
  { now }: Pick<ServerClock, 'now'>,
): Credentials {
  let grant = first;
  let renewAt = first === undefined ? 0 : chooseTime(first, now());
  let isProven = true;
  let renewing: Promise<StorageGrant> | undefined;
  const replace = async () => {
    const issued = await renew();
    grant = issued;
    renewAt = chooseTime(issued, now());
    isProven = false;
    return issued;
  };
  return {
    async current() {
      if (grant !== undefined && now() < renewAt) return grant;
      renewing ??= replace().finally(() => {
        renewing = undefined;
      });
      return renewing;
    },
    accepted(used) {
      if (used === grant) isProven = true;
    },
    refused(used) {
      if (used !== grant) return true;
      // New credentials that never worked are not the reason.
      if (!isProven) return false;
      renewAt = 0;
      return true;
    },
  };
}

function chooseTime({ expiresAt }: StorageGrant, now: number): number {
  const life = expiresAt * 1_000 - now;
  const reserve = Math.min(Math.max(life * (1 - USED_SHARE), RESERVE.least), RESERVE.most);
  // Credentials with a shorter life are used for half of it.
  return now + Math.max(life - reserve, life / 2);
}
