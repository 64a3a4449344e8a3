import { describe, expect, test } from 'vitest';
import {
  describeApplication,
  describeApplications,
} from '../../../../../tools/local/page/stack/applications.ts';
import { readUpload } from '../../../../../tools/local/page/stack/ledger-answers.ts';

describe('describeApplication()', () => {
  const upload = readUpload({ uploadId: 'U1', subAppId: 1_500_000_002 });

  test('shows the application of an upload if there are several', () => {
    expect(describeApplication(upload, null)).toBe('');
    const info = { applications: [1_500_000_001, 1_500_000_002] };
    expect(describeApplication(upload, info)).toBe('Application 1500000002');
  });

  test('shows nothing if there is one application, or the upload’s is not known', () => {
    expect(describeApplication(upload, { applications: [1_500_000_002] })).toBe('');
    const info = { applications: [1_500_000_001, 1_500_000_002] };
    expect(describeApplication(readUpload({ uploadId: 'U2' }), info)).toBe('');
    expect(describeApplication(undefined, info)).toBe('');
  });
});

describe('describeApplications()', () => {
  test('names the only application', () => {
    expect(describeApplications({ applications: [1] })).toBe('application 1');
  });

  test('names the tenants of the other applications', () => {
    const subAppIds = { acme: 2, home: 1, globex: 3, twin: 2 };
    const tenants = { claim: 'org', subAppIds };

    expect(describeApplications({ applications: [1, 2, 3], tenants })).toBe(
      'applications 1 (home), 2 (acme and twin), 3 (globex)',
    );
  });
});
