import { describe, expect, it } from 'vitest';
import { boundSignature } from '../../lib/policy/bound-signature.ts';
import { selectProfile } from '../../lib/policy/select-profile.ts';
import { describeProblem } from '../../lib/problem.ts';
import { FAULTS } from '../../tools/local/emulator/faults.ts';
import { listBlocks, readFile, sectionOf } from './documents.ts';
import { readCustom } from './read-custom.ts';

const MAX_README_LINES = 200;
const readme = readFile('README.md');

describe('README.md', () => {
  it('is short', () => {
    expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(MAX_README_LINES);
  });

  it('links each of its three kinds of readers to a page for them before anything else', () => {
    const [beginning = ''] = readme.split('\n## ');

    expect(
      [...beginning.matchAll(/^\| [^|]+ \| \[[^\]]+\]\(([^)]+)\) \|$/gm)].map(([, to]) => to),
    ).toEqual(['docs/guide-app-developer.md', 'docs/guide-operator.md', 'CONTRIBUTING.md']);
  });

  it('has the same variables of a deployment as docs/deployment.md', () => {
    const variablesOf = (document: string) =>
      listBlocks(document).find(({ language }) => language === 'dotenv')?.text;

    expect(variablesOf('README.md')).toMatch(/^VOD_ROLE=/m);
    expect(variablesOf('README.md')).toBe(variablesOf('docs/deployment.md'));
  });
});

describe('the example of a policy', () => {
  it('allows and denies what the page says', async () => {
    const section = sectionOf('docs/policy-and-rules.md', 'Profiles');
    const [, example = ''] = /^```yaml\n(.*?)^```$/ms.exec(section) ?? [];
    const { policy } = await readCustom(example);
    const partner = { scopes: new Set(['upload:sign']), claims: { plan: 'partner' } };
    const profile = selectProfile(policy, partner);
    const ask = (request: object) => boundSignature(profile, request);

    expect(ask({})).toEqual({
      ...{ expiresIn: 900, classId: 7, storageRegion: 'ap-seoul' },
      limits: { mediaTypes: ['mp4', 'mov'] },
    });
    const [, request = ''] = /One that sends `(\{.+?\})`/.exec(section) ?? [];
    const { classId, expiresIn } = JSON.parse(request);
    const told = JSON.parse(/^```json\n(.*?)^```$/ms.exec(section)?.[1] ?? '');
    expect(explain(() => ask({ classId, expiresIn }), told.requestId)).toEqual(told);
  });
});

function explain(attempt: () => unknown, requestId: string) {
  try {
    return attempt();
  } catch (error) {
    return describeProblem(error, requestId);
  }
}

describe('FAULTS', () => {
  it('explains each fault in a sentence', () => {
    for (const text of Object.values(FAULTS)) expect(text).toMatch(/^[A-Z].{10,}/);
  });
});
