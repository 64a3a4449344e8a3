import { describe, expect, it } from 'vitest';
import { createHide } from '../../../../tools/deploy/cloud/api.ts';

describe('createHide()', () => {
  it('removes secrets from a text, even if one is a part of another', () => {
    const hide = createHide(['secret', 'secret-and-more', undefined, 'dev']);

    expect(hide('secret-and-more, secret, dev')).toBe('***, ***, dev');
  });
});
