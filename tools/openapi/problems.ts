import {
  describeProblem,
  type FieldError,
  Problem,
  type ProblemCode,
  type ProblemDetails,
} from '../../lib/problem.ts';

type ProblemOptions = ConstructorParameters<typeof Problem>[1];

/** When a problem occurs, and an example of it. */
interface ProblemText {
  /** Markdown whose links are relative to docs/. */
  readonly when: string;
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  readonly more?: Pick<ProblemOptions, 'vod' | 'quota' | 'pruned'>;
}

const REGION_ERROR = 'is not a storage region; did you mean ap-seoul?';
const CLASS_ERROR = 'must be 7 or 8';

/** Every code, in the order of the document. */
export const PROBLEM_TEXTS: Readonly<Record<ProblemCode, ProblemText>> = {
  invalid_json: {
    when: 'the body is not JSON',
    detail: 'Cannot read the body: it is not well-formed JSON.',
  },
  invalid_request: {
    when: '`errors` names each field and its rule',
    detail: `Cannot accept the request: "storageRegion" ${REGION_ERROR}`,
    errors: [{ path: 'storageRegion', message: REGION_ERROR }],
  },
  unauthorized: {
    when: 'no token or API key, or not a valid one; no `Sign`, or not a valid one',
    detail: 'The request needs an "Authorization: Bearer" header.',
  },
  insufficient_scope: {
    when: 'the token or key lacks the scope',
    detail: 'The token does not have the scope "upload:sign".',
  },
  policy_denied: {
    when: 'the caller may not ask for this; `errors` names each field and the `rule` of its profile',
    detail: `The policy does not allow the request: "classId" ${CLASS_ERROR}`,
    errors: [{ path: 'classId', rule: 'classIds', message: CLASS_ERROR }],
  },
  method_not_allowed: {
    when: '`Allow` names the methods',
    detail: 'Cannot PUT here: use POST.',
  },
  not_found: {
    when: 'no such path, or no such upload of this caller',
    detail: 'There is no upload with this id.',
  },
  idempotency_conflict: {
    when: 'the idempotency key was used for another request',
    detail: 'The idempotency key was used for another request: use a new key for a new pull.',
  },
  upload_finished: {
    when: 'the upload has ended, and `detail` says how: it cannot be cancelled or signed again',
    detail: 'The upload has ended: its state is "ready".',
  },
  upload_pruned: {
    when: "the upload has ended, and its record was [removed](operations.md#what-is-kept) at the time `pruned.prunedAt`; `pruned` has the `fileId` and `subAppId` with which VOD's [DescribeMediaInfos](https://cloud.tencent.com/document/product/266/31763) tells about its file",
    detail:
      'The upload has ended, and its record was removed on 2026-11-22T08:00:00.000Z: ask VOD about its file, with DescribeMediaInfos and the FileId 5285890700000000042.',
    more: {
      pruned: {
        ...{ fileId: '5285890700000000042', subAppId: 1_500_000_001 },
        prunedAt: '2026-11-22T08:00:00.000Z',
      },
    },
  },
  payload_too_large: {
    when: 'the body has more than 262144 bytes, or as a notification more than 6291456',
    detail: 'Cannot read the body: it must have at most 262144 bytes.',
  },
  upstream_rejected: {
    when: 'VOD refused the request; `vod` has its code and request id, `errors` the field',
    detail: 'VOD refused the call with InvalidParameterValue.MediaUrl.',
    errors: [{ path: 'mediaUrl', message: 'is not a URL that VOD can pull' }],
    more: {
      vod: {
        code: 'InvalidParameterValue.MediaUrl',
        requestId: '8b1c1f5e-2e6c-4a6a-b6c7-5d6fb6c4a0d1',
      },
    },
  },
  quota_exceeded: {
    when: 'a quota of the caller is used up; `quota` has its `rule`, `limit`, what is `used`, and `retryAfter` in seconds',
    detail:
      'The quota "signaturesPerMinute" is used up: 10 uploads began within the last minute, of at most 10. Retry in 42 seconds.',
    more: { quota: { rule: 'signaturesPerMinute', limit: 10, used: 10, retryAfter: 42 } },
  },
  unconfirmed_exceeded: {
    when: 'too many notifications of one application in this minute that VOD cannot be asked about',
    detail:
      'At most 600 notifications a minute of one application are accepted while VOD cannot be asked about them: send it again.',
  },
  internal: {
    when: 'the log line with this `requestId` says why and, if the cause is the database or a variable, what to do',
    detail: '',
  },
  ledger_required: {
    when: 'this needs `DATABASE_URL`',
    detail:
      'This service keeps no record of uploads: set DATABASE_URL to the URL of a PostgreSQL database to have one.',
  },
  upstream_denied: {
    when: 'VOD does not permit this service to make the call',
    detail: 'VOD did not let this service make the call with UnauthorizedOperation.CamNoAuth.',
    more: {
      vod: {
        code: 'UnauthorizedOperation.CamNoAuth',
        requestId: '8b1c1f5e-2e6c-4a6a-b6c7-5d6fb6c4a0d1',
      },
    },
  },
  upstream_failed: {
    when: 'VOD failed or cannot be reached, after retries',
    detail: "VOD's API could not be reached, or its answer could not be read.",
  },
  confirmation_unavailable: {
    when: 'VOD could not be asked about a notification, and there is no database to store it',
    detail: 'VOD could not be asked about the notification: send it again.',
  },
  delivery_failed: {
    when: 'without a database: an endpoint did not accept an event',
    detail: '1 of 2 consumers did not accept the event (http_500): send it again.',
  },
  identity_unavailable: {
    when: "the public keys of the tokens' issuer are not available now; retry after `Retry-After`",
    detail: "The keys of the token's issuer cannot be fetched now: the answer has the status 500.",
  },
  ledger_unavailable: {
    when: 'the database could not be reached for the moment, or is older than the functions; retry after `Retry-After`',
    detail: 'The database of this service cannot be reached: nothing was done, retry later.',
  },
  upstream_busy: {
    when: "VOD's rate limit, or no time left; retry",
    detail: 'There was no time left to call VOD: nothing was sent, so send it again.',
  },
  upstream_timeout: {
    when: 'VOD gave no answer in time',
    detail: "VOD's API gave no answer in time.",
  },
};

/** Every problem code. */
export const PROBLEM_CODES = Object.keys(PROBLEM_TEXTS) as readonly ProblemCode[];

/** Returns the status of a problem. */
export function statusOf(code: ProblemCode): number {
  return new Problem('', { code }).status;
}

const REQUEST_ID = '6b0e2b9e-6f6c-4c2f-8f3e-0a2f5d1c7b11';

/** Returns an example of a problem, as the functions write it. */
export function exampleOf(code: ProblemCode): ProblemDetails {
  const { detail, errors, more } = PROBLEM_TEXTS[code];
  const options = { code, ...(errors === undefined ? {} : { errors }), ...more };
  // An internal error is any other error than a problem.
  const error = code === 'internal' ? undefined : new Problem(detail, options);
  return JSON.parse(JSON.stringify(describeProblem(error, REQUEST_ID)));
}
