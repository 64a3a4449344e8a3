import type { Header, WireKey, WireRequest } from './wire.ts';

/** A call of the API, before it is written and signed. */
interface ApiRequest {
  readonly key: WireKey;
  /** The endpoint, without a scheme. */
  readonly host: string;
  readonly action: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Unix seconds of the client's clock. */
  readonly seconds: number;
}

/** A request to storage, before it is written and signed. */
export interface StorageRequest {
  readonly key: WireKey;
  /** The bucket's host. */
  readonly host: string;
  readonly method: string;
  /** With its leading slash, as in the answer to ApplyUpload. */
  readonly path: string;
  readonly query?: readonly Header[];
  readonly seconds: number;
}

/** The requests of a vendor's server upload SDK, each as that SDK writes it, byte for byte. */
export interface ServerClient {
  readonly name: string;
  /** Bytes of each part but the last. */
  readonly partSize: number;
  /** Bytes of the largest file that is sent in one request. */
  readonly maxPutBytes: number;
  callApi(request: ApiRequest): WireRequest;
  /** Calls the API with the older signature, HmacSHA256, and the parameters as a form. */
  callApiV1(request: ApiRequest): WireRequest;
  /** Uploads a file in one request. */
  put(storage: StorageRequest, body: Buffer): WireRequest;
  /** Looks for an interrupted upload of the file; undefined for an SDK that does not. */
  listUploads(storage: StorageRequest, path: string): WireRequest | undefined;
  initiate(storage: StorageRequest): WireRequest;
  putPart(
    storage: StorageRequest,
    part: { readonly uploadId: string; readonly partNumber: number; readonly body: Buffer },
  ): WireRequest;
  complete(
    storage: StorageRequest,
    upload: {
      readonly uploadId: string;
      readonly parts: readonly { readonly partNumber: number; readonly etag: string }[];
    },
  ): WireRequest;
}
