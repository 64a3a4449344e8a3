import type { LedgerUpload } from './ledger-answers.ts';
import type { StackInfo } from './stack-controls.ts';
import { listTenants } from './tenants.ts';

/** Returns the application of VOD that an upload is in; empty if there is only one, or the upload's is not known. */
export function describeApplication(
  upload: Pick<LedgerUpload, 'subAppId'> | undefined,
  info: Pick<StackInfo, 'applications'> | null,
): string {
  const { subAppId = null } = upload ?? {};
  const isOneOfSeveral = (info?.applications.length ?? 0) > 1;
  return isOneOfSeveral && subAppId !== null ? `Application ${subAppId}` : '';
}

/** Returns all applications in words, with their tenants, such as "applications 1, 2 (acme)". */
export function describeApplications({
  applications,
  tenants,
}: Pick<StackInfo, 'applications' | 'tenants'>): string {
  const texts = applications.map((subAppId) => {
    const names = listTenants(tenants).filter((name) => tenants?.subAppIds[name] === subAppId);
    return names.length === 0 ? String(subAppId) : `${subAppId} (${names.join(' and ')})`;
  });
  return `${texts.length === 1 ? 'application' : 'applications'} ${texts.join(', ')}`;
}
