import { describe, expect, test } from 'vitest';
import {
  createApplicationText,
  describeApplications,
} from '../../../../../tools/local/page/stack/applications.ts';
import { readUpload } from '../../../../../tools/local/page/stack/ledger-answers.ts';

describe('createApplicationText()', () => {
  const upload = readUpload({ uploadId: 'U1', subAppId: 1_500_000_002 });

  test('says where an upload is once there are several places', () => {
    const text = createApplicationText();
    expect(text.describe(upload)).toBe('');
    text.take({ applications: [1_500_000_001, 1_500_000_002] });
    expect(text.describe(upload)).toBe('Application 1500000002');
  });

  test('says nothing where there is one application, or the upload’s is not known', () => {
    const text = createApplicationText();
    text.take({ applications: [1_500_000_002] });
    expect(text.describe(upload)).toBe('');
    text.take({ applications: [1_500_000_001, 1_500_000_002] });
    expect(text.describe(readUpload({ uploadId: 'U2' }))).toBe('');
    expect(text.describe(undefined)).toBe('');
  });
});

describe('describeApplications()', () => {
  test('names the one there is', () => {
    expect(describeApplications({ applications: [1] })).toBe('application 1');
  });

  test('says whose the others are', () => {
    const subAppIds = { acme: 2, home: 1, globex: 3, twin: 2 };
    const tenants = { claim: 'org', subAppIds };

    expect(describeApplications({ applications: [1, 2, 3], tenants })).toBe(
      'applications 1 (home), 2 (acme and twin), 3 (globex)',
    );
  });
});
