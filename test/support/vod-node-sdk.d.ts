/** The members of the vendor's server upload SDK that tests use; the package has no types of its own. */
declare module 'vod-node-sdk' {
  /** A client of VOD's API inside the SDK. */
  export interface CloudClient {
    readonly profile: { readonly httpProfile: { endpoint: string; protocol: string } };
  }

  /** A client of the storage inside the SDK. */
  export interface CosClient {
    readonly options: { Protocol?: string; Ip?: string };
  }

  export interface UploadResponse {
    readonly FileId: string;
    readonly MediaUrl: string;
    readonly CoverUrl: string | null;
  }

  export class VodUploadRequest {
    MediaFilePath: string;
    CoverFilePath: string;
    SubAppId: number;
    Procedure: string;
    SourceContext: string;
    SessionContext: string;
    MediaType: string;
    MediaName: string;
    ClassId: number;
    ExpireTime: string;
    StorageRegion: string;
  }

  export class VodUploadClient {
    constructor(secretId: string, secretKey: string);
    upload(
      region: string,
      request: VodUploadRequest,
      callback: (error: Error | null, response: UploadResponse | null) => void,
    ): void;
    applyUpload(client: CloudClient, request: object): Promise<object>;
    commitUpload(client: CloudClient, request: object): Promise<object>;
    parseStreamingManifest(client: CloudClient, request: object): Promise<object>;
    cosUpload(
      cos: CosClient,
      bucket: string,
      region: string,
      key: string,
      file: string,
    ): Promise<void>;
  }
}
