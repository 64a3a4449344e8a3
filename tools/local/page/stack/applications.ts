import type { LedgerUpload } from './ledger-answers.ts';
import type { StackInfo } from './stack-controls.ts';
import { listTenants } from './tenants.ts';

/** Says in which application of VOD an upload is. */
export interface ApplicationText {
  /** To be told which ones there are. */
  take(info: Pick<StackInfo, 'applications'>): void;
  /** Returns nothing where there is but one, or the upload's is not known. */
  describe(upload: Pick<LedgerUpload, 'subAppId'> | undefined): string;
}

/** Returns the text; until it is told otherwise, there is one application. */
export function createApplicationText(): ApplicationText {
  let isOneOfSeveral = false;
  return {
    take({ applications }) {
      isOneOfSeveral = applications.length > 1;
    },
    describe(upload) {
      const { subAppId = null } = upload ?? {};
      return isOneOfSeveral && subAppId !== null ? `Application ${subAppId}` : '';
    },
  };
}

/** Returns all applications in words, and whose they are, as in "applications 1, 2 (acme)". */
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
