import { vod } from 'tencentcloud-sdk-nodejs-vod';
import {
  callUgc,
  signFields,
  type UgcAnswer,
  type UgcData,
} from '../local/emulator/ugc/upload-client.ts';
import type { EmulatorProcess } from './emulator-process.ts';

/** Keys that tests choose. */
export const KEYS = { secretId: 'AKIDchosenexample', secretKey: 'chosen-secret-key-example' };

/** The flags that choose {@link KEYS}. */
export const WITH_KEYS = ['--secret-id', KEYS.secretId, '--secret-key', KEYS.secretKey];

/** Returns the vendor's client of the API, with `endpoint` as its only difference from one for the cloud. */
export function createClient({ origin }: EmulatorProcess, credential = KEYS) {
  return new vod.v20180717.Client({
    credential,
    region: 'ap-singapore',
    profile: { httpProfile: { endpoint: new URL(origin).host, protocol: 'http://' } },
  });
}

/** Simulates an upload in the console; returns its file id. */
export async function arrive(emulator: EmulatorProcess, fields: object = {}): Promise<string> {
  const { fileId } = await emulator.control('POST', 'console-upload', { seconds: 1, ...fields });
  return String(fileId);
}

/** Returns all media, oldest first. */
export async function listMedia(
  emulator: EmulatorProcess,
): Promise<readonly { readonly fileId: string }[]> {
  const { media } = await emulator.control('GET', 'info');
  return Array.isArray(media) ? media : [];
}

/** Returns an upload signature with {@link KEYS} that is made now and valid for `seconds`. */
export function sign(seconds: number): string {
  const currentTimeStamp = Math.floor(Date.now() / 1_000);
  return signFields(KEYS.secretKey, {
    ...{ secretId: KEYS.secretId, currentTimeStamp, expireTime: currentTimeStamp + seconds },
    random: currentTimeStamp % 1_000_000,
  });
}

/** Applies for an upload of `videoSize` bytes. */
export async function apply(
  { origin }: EmulatorProcess,
  signature: string,
  videoSize: number,
): Promise<UgcAnswer> {
  const video = { videoName: 'film', videoType: 'mp4', videoSize };
  const body = { signature, ...video };
  const response = await callUgc(`${origin}/__vod`, 'ApplyUploadUGC', body);
  return (await response.json()) as UgcAnswer;
}

/** The same; returns the data of the answer. */
export async function applyFor(emulator: EmulatorProcess, bytes: number): Promise<UgcData> {
  const { code, message, data } = await apply(emulator, sign(3_600), bytes);
  if (data === undefined) throw new Error(`It is refused: ${code} ${message}`);
  return data;
}
