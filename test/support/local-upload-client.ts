import {
  type CloudClient,
  type CosClient,
  type UploadResponse,
  VodUploadClient,
  VodUploadRequest,
} from 'vod-node-sdk';
import type { Account } from '../../tools/local/emulator/account.ts';

/** The vendor's unmodified client; the SDK has no option for an endpoint, so each step is redirected here. */
class LocalUploadClient extends VodUploadClient {
  readonly #address: string;

  constructor(secretId: string, secretKey: string, address: string) {
    super(secretId, secretKey);
    this.#address = address;
  }

  override applyUpload(client: CloudClient, request: object) {
    return super.applyUpload(this.#pointHere(client), request);
  }

  override commitUpload(client: CloudClient, request: object) {
    return super.commitUpload(this.#pointHere(client), request);
  }

  override parseStreamingManifest(client: CloudClient, request: object) {
    return super.parseStreamingManifest(this.#pointHere(client), request);
  }

  override cosUpload(cos: CosClient, bucket: string, region: string, key: string, file: string) {
    Object.assign(cos.options, { Protocol: 'http:', Ip: this.#address });
    return super.cosUpload(cos, bucket, region, key, file);
  }

  #pointHere(client: CloudClient): CloudClient {
    Object.assign(client.profile.httpProfile, { endpoint: this.#address, protocol: 'http://' });
    return client;
  }
}

/**
 * Uploads to `stack` with the vendor's server SDK, with the account's key or with `secretKey`. The storage SDK inside
 * writes files below `XDG_CONFIG_HOME`.
 */
export function uploadFromServer(
  {
    origin,
    account,
  }: {
    readonly origin: string;
    readonly account: Pick<Account, 'secretId' | 'secretKey' | 'subAppId'>;
  },
  fields: Partial<VodUploadRequest>,
  secretKey = account.secretKey,
): Promise<UploadResponse> {
  const address = `127.0.0.1:${new URL(origin).port}`;
  const client = new LocalUploadClient(account.secretId, secretKey, address);
  const request = Object.assign(new VodUploadRequest(), { SubAppId: account.subAppId, ...fields });
  return new Promise((resolve, reject) => {
    client.upload('ap-singapore', request, (error, response) =>
      response === null ? reject(error) : resolve(response),
    );
  });
}
