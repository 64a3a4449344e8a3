import { describe, expect, it } from 'vitest';
import { createPermit } from '../../../lib/policy/permit-caller.ts';
import type { PolicySubject } from '../../../lib/policy/select-profile.ts';

const POLICY = {
  profiles: { default: { maxBytes: 100 } },
  select: [],
};

function caller(rest: Partial<PolicySubject>): PolicySubject {
  return { scopes: new Set(['upload:sign']), ...rest };
}

describe('createPermit()', () => {
  it('answers at once, and the same again, where the token narrows nothing', () => {
    const permit = createPermit(POLICY);
    const subject = caller({ claims: { sub: 'user-42' } });

    expect(permit(subject)).toEqual({ maxBytes: 100 });
    expect(permit(subject)).toBe(permit(subject));
  });

  it('narrows by the claim vod, once for a caller', async () => {
    const permit = createPermit(POLICY);
    const subject = caller({ claims: { vod: { maxBytes: 10 } } });

    expect(await permit(subject)).toMatchObject({ maxBytes: 10 });
    expect(permit(subject)).toMatchObject({ maxBytes: 10 });
  });

  it('narrows what nothing bounds', async () => {
    const permit = createPermit({ profiles: {}, select: [] });

    expect(await permit(caller({ claims: { vod: { classIds: [7] } } }))).toMatchObject({
      classIds: [7],
    });
  });

  it('lets nobody in by a claim that is wrong, however often it comes', async () => {
    const permit = createPermit(POLICY);
    const subject = caller({ claims: { vod: { maxBytes: '10' } } });

    await expect(permit(subject)).rejects.toMatchObject({ code: 'policy_denied' });
    await expect(permit(subject)).rejects.toMatchObject({ code: 'policy_denied' });
  });
});
