/** A trigger as the cloud stores it. */
export interface TriggerRecord {
  readonly type: string;
  readonly name: string;
  /** In the form in which it is read back, which differs from the form in which it was sent. */
  readonly description: string;
  readonly isOpen: boolean;
  readonly qualifier: string;
  readonly customArgument: string;
  readonly addTime: string;
}

/** https://cloud.tencent.com/document/product/583/19185 */
type FunctionStatus =
  | 'Creating'
  | 'CreateFailed'
  | 'Updating'
  | 'UpdateFailed'
  | 'Active'
  | 'Deleting';

/** A function as the cloud stores it. */
export interface FunctionRecord {
  readonly functionId: string;
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly runtime: string;
  readonly addTime: string;
  modTime: string;
  description: string;
  handler: string;
  memorySize: number;
  timeout: number;
  role: string;
  vpc: { readonly vpcId: string; readonly subnetId: string };
  /** Whether it can reach the internet. */
  publicNetwork: 'ENABLE' | 'DISABLE';
  environment: ReadonlyMap<string, string>;
  /** The zip when it was deployed to the function. */
  code: Buffer;
  status: FunctionStatus;
  statusReason: string;
  /** Its status after enough reads. */
  nextStatus: FunctionStatus;
  /** The number of further reads that find it busy. */
  busyReads: number;
  triggers: readonly TriggerRecord[];
}

/** Returns the key of a function. */
export function functionKey(region: string, namespace: string, name: string): string {
  return `${region} ${namespace} ${name}`;
}

/** Returns the resource of a function, as tags and policies name it. */
export function functionResource({ region, functionId }: FunctionRecord): string {
  return `qcs::scf:${region}::lam/${functionId}`;
}
