/**
 * The part of the service's HTTP API that this package uses, in the form in which openapi-typescript writes it.
 * docs/openapi.json has the same in full; test/client/api.test.ts compares each path, field and type with it.
 */

type Uploads = components['schemas'];

interface Answer<T> {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly content: { readonly 'application/json': T };
}

interface Refusals {
  readonly default: {
    readonly headers: Readonly<Record<string, unknown>>;
    readonly content: { readonly 'application/problem+json': components['schemas']['Problem'] };
  };
}

interface Json<T> {
  readonly content: { readonly 'application/json': T };
}

interface InPath<T> {
  readonly parameters: { readonly path: T };
}

/** Requests and answers by path and method. */
export interface paths {
  readonly '/signature': {
    readonly post: {
      readonly requestBody: Json<Uploads['SignatureRequest']>;
      readonly responses: Refusals & { readonly 200: Answer<Uploads['SignatureAnswer']> };
    };
  };
  readonly '/pull': {
    readonly post: {
      readonly parameters: { readonly header?: { readonly 'Idempotency-Key'?: string } };
      readonly requestBody: Json<
        Uploads['PullRequest'] | { readonly items: Uploads['PullRequest'][] }
      >;
      readonly responses: Refusals & {
        readonly 202: Answer<Uploads['SubmittedPull'] | { readonly items: Uploads['PullItem'][] }>;
      };
    };
  };
  readonly '/uploads': {
    readonly get: {
      readonly parameters: { readonly query?: Uploads['UploadQuery'] };
      readonly responses: Refusals & { readonly 200: Answer<Page<Uploads['Upload']>> };
    };
  };
  readonly '/uploads/{uploadId}': {
    readonly get: InPath<{ readonly uploadId: string }> & {
      readonly responses: Refusals & { readonly 200: Answer<Uploads['Upload']> };
    };
    readonly delete: InPath<{ readonly uploadId: string }> & {
      readonly responses: Refusals & { readonly 200: Answer<Uploads['Upload']> };
    };
  };
  readonly '/uploads/{uploadId}/events': {
    readonly get: InPath<{ readonly uploadId: string }> & {
      readonly responses: Refusals & { readonly 200: Answer<Uploads['Timeline']> };
    };
  };
  readonly '/uploads/{uploadId}/progress': {
    readonly put: InPath<{ readonly uploadId: string }> & {
      readonly requestBody: Json<Uploads['ProgressReport']>;
      readonly responses: Refusals & { readonly 204: { readonly content?: never } };
    };
  };
  readonly '/uploads/{uploadId}/replay': {
    readonly post: InPath<{ readonly uploadId: string }> & {
      readonly requestBody: Json<{ readonly eventId?: string; readonly endpoint?: string }>;
      readonly responses: Refusals & { readonly 202: Answer<{ readonly replayed: number }> };
    };
  };
  readonly '/uploads/dead-deliveries': {
    readonly get: {
      readonly parameters: { readonly query?: Uploads['PageQuery'] };
      readonly responses: Refusals & { readonly 200: Answer<Page<Uploads['DeadDelivery']>> };
    };
  };
  readonly '/uploads/dead-deliveries/replay': {
    readonly post: {
      readonly requestBody: Json<Uploads['ReplayRequest']>;
      readonly responses: Refusals & { readonly 202: Answer<Uploads['Replayed']> };
    };
  };
  readonly '/uploads/dead-items': {
    readonly get: {
      readonly parameters: { readonly query?: Uploads['PageQuery'] };
      readonly responses: Refusals & { readonly 200: Answer<Page<Uploads['DeadItem']>> };
    };
  };
  readonly '/uploads/dead-items/replay': {
    readonly post: {
      readonly requestBody: Json<Pick<Uploads['DeadItem'], 'kind' | 'id'>>;
      readonly responses: Refusals & { readonly 202: Answer<{ readonly replayed: number }> };
    };
  };
  readonly '/uploads/endpoints': {
    readonly get: {
      readonly responses: Refusals & {
        readonly 200: Answer<{ readonly items: Uploads['Endpoint'][] }>;
      };
    };
  };
  readonly '/uploads/endpoints/{endpoint}/resume': {
    readonly post: InPath<{ readonly endpoint: string }> & {
      readonly responses: Refusals & { readonly 200: Answer<Uploads['Endpoint']> };
    };
  };
}

interface Page<T> {
  readonly items: T[];
  /** Of the next page; missing on the last one. */
  readonly cursor?: string;
}

/** The objects in requests and answers. */
export interface components {
  readonly schemas: {
    readonly Limits: {
      readonly maxBytes?: number;
      readonly maxSeconds?: number;
      readonly mediaTypes?: string[];
    };
    readonly SignatureRequest: {
      readonly classId?: number;
      readonly procedure?: string;
      readonly taskPriority?: number;
      readonly taskNotifyMode?: 'Finish' | 'Change' | 'None';
      readonly sourceContext?: string;
      readonly sessionContext?: string;
      readonly storageRegion?: string;
      readonly oneTimeValid?: boolean;
      readonly expiresIn?: number;
      readonly uploadId?: string;
      readonly mediaExpireTime?: string;
      readonly limits?: Uploads['Limits'];
    };
    readonly SignatureAnswer: {
      readonly signature: string;
      readonly uploadId: string;
      readonly expiresAt: string;
      readonly limits?: Uploads['Limits'];
    };
    readonly PullRequest: {
      readonly mediaUrl: string;
      readonly mediaType?: string;
      readonly mediaName?: string;
      readonly coverUrl?: string;
      readonly procedure?: string;
      readonly tasksPriority?: number;
      readonly expireTime?: string;
      readonly storageRegion?: string;
      readonly classId?: number;
      readonly sessionContext?: string;
      readonly sourceContext?: string;
      readonly mediaStoragePath?: string;
      readonly limits?: Uploads['Limits'];
      readonly idempotencyKey?: string;
    };
    readonly SubmittedPull: {
      readonly uploadId: string;
      readonly taskId?: string;
      readonly state: Uploads['UploadState'];
    };
    readonly PullItem:
      | Uploads['SubmittedPull']
      | { readonly problem: Uploads['Problem'] }
      /** Not sent: send it again. */
      | { readonly queued: false; readonly detail: string };
    readonly UploadState:
      | 'issued'
      | 'uploaded'
      | 'processing'
      | 'ready'
      | 'failed'
      | 'rejected'
      | 'expired'
      | 'cancelled'
      | 'deleted';
    readonly UploadMethod: 'client' | 'pull' | 'server' | 'console' | 'live' | 'other';
    readonly Upload: {
      readonly uploadId: string;
      readonly method: Uploads['UploadMethod'];
      readonly state: Uploads['UploadState'];
      readonly owner?: string;
      readonly subAppId?: number;
      readonly fileId?: string;
      readonly taskId?: string;
      readonly name?: string;
      readonly mediaUrl?: string;
      readonly coverUrl?: string;
      /** In bytes. */
      readonly size?: number;
      /** In seconds. */
      readonly duration?: number;
      readonly storageRegion?: string;
      readonly classId?: number;
      readonly procedure?: string;
      readonly sourceContext?: string;
      readonly sessionContext?: string;
      readonly limits?: Uploads['Limits'];
      readonly problem?: { readonly code: string; readonly detail?: string };
      readonly mediaExpireTime?: string;
      readonly createdAt: string;
      readonly updatedAt: string;
      readonly expiresAt?: string;
      /** Per cent of the file that there is, until all of it is. */
      readonly progress?: number;
    };
    readonly PageQuery: { readonly limit?: number; readonly cursor?: string };
    readonly UploadQuery: Uploads['PageQuery'] & {
      readonly owner?: string;
      readonly state?: Uploads['UploadState'];
      readonly method?: Uploads['UploadMethod'];
      /** Size in bytes and CRC-64 of a file. */
      readonly content?: string;
    };
    readonly ProgressReport: {
      readonly size: number;
      readonly sent: number;
      readonly crc64?: string;
    };
    readonly Timeline: {
      readonly uploadId: string;
      readonly events: {
        readonly eventId: string;
        readonly eventType: string;
        readonly receivedAt: string;
        readonly confirmed: boolean;
        readonly deliveries: {
          readonly endpoint: string;
          readonly state: 'pending' | 'delivered' | 'dead';
          readonly attempts: number;
          readonly lastError?: string;
          readonly nextAttemptAt?: string;
          readonly updatedAt: string;
        }[];
      }[];
      readonly actions: {
        readonly fileId: string;
        readonly kind: string;
        readonly state: 'pending' | 'done' | 'dead';
        readonly attempts: number;
        readonly lastError?: string;
        readonly rules?: string[];
        readonly updatedAt: string;
      }[];
    };
    readonly DeadDelivery: {
      readonly eventId: string;
      readonly endpoint: string;
      readonly eventType: string;
      readonly attempts: number;
      readonly lastError: string;
      readonly diedAt: string;
    };
    readonly DeadItem: {
      readonly kind: 'event' | 'file' | 'upload' | 'pull' | 'action' | 'delivery';
      readonly id: string;
      readonly subAppId?: number;
      readonly fileId?: string;
      readonly attempts: number;
      readonly code: string;
      readonly reason: string;
      readonly firstFailedAt: string;
      readonly diedAt: string;
    };
    readonly ReplayRequest: {
      readonly endpoint?: string;
      readonly state?: Uploads['UploadState'];
      readonly from?: string;
      readonly to?: string;
      readonly limit?: number;
      readonly cursor?: string;
    };
    readonly Replayed: { readonly replayed: number; readonly cursor?: string };
    readonly Endpoint: {
      readonly endpoint: string;
      readonly state: 'active' | 'paused';
      readonly pausedAt?: string;
      readonly reason?: string;
      readonly deliveredAt?: string;
      readonly waiting: number;
      readonly waitingSince?: string;
      readonly dead: number;
    };
    readonly Problem: {
      readonly type: string;
      readonly title: string;
      readonly status: number;
      readonly detail?: string;
      readonly code: string;
      readonly errors?: {
        readonly path: string;
        readonly message: string;
        readonly rule?: string;
      }[];
      readonly vod?: { readonly code: string; readonly requestId: string };
      readonly quota?: {
        readonly rule: 'signaturesPerMinute' | 'openUploads' | 'bytesPerDay';
        readonly limit: number;
        readonly used: number;
        readonly retryAfter: number;
      };
      readonly pruned?: {
        readonly fileId?: string;
        readonly subAppId?: number;
        readonly prunedAt: string;
      };
      readonly requestId: string;
    };
  };
}
