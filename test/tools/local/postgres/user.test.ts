import { chmod, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { findBarrier } from '../../../../tools/local/postgres/user.ts';
import { makeFolder } from '../../../support/make-folder.ts';

const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const owner = { name: 'owner', ...self };
const colleague = { name: 'colleague', uid: self.uid + 1, gid: self.gid };
const stranger = { name: 'stranger', uid: self.uid + 1, gid: self.gid + 1 };

let root: string;

beforeEach(async () => {
  root = await makeFolder();
  await mkdir(join(root, 'inner', 'data'), { recursive: true });
});

describe('findBarrier()', () => {
  it.each([
    [0o700, { owner: false, colleague: true, stranger: true }],
    [0o710, { owner: false, colleague: false, stranger: true }],
    [0o711, { owner: false, colleague: false, stranger: false }],
    // Access as "others" does not apply to members of the group.
    [0o701, { owner: false, colleague: true, stranger: false }],
  ])('finds whom a folder of mode %o blocks', async (mode, barred) => {
    await chmod(root, 0o755);
    await chmod(join(root, 'inner'), mode);

    for (const user of [owner, colleague, stranger] as const) {
      const barrier = await findBarrier(join(root, 'inner', 'data'), user);
      const expected = barred[user.name as keyof typeof barred] ? join(root, 'inner') : undefined;
      expect(barrier, user.name).toBe(expected);
    }
  });

  it('returns the outermost folder that blocks', async () => {
    await chmod(join(root, 'inner'), 0o700);

    expect(await findBarrier(join(root, 'inner', 'data'), stranger)).toBe(root);
  });

  it('also checks the target of a link', async () => {
    await chmod(root, 0o755);
    await chmod(join(root, 'inner'), 0o700);
    await symlink(join(root, 'inner', 'data'), join(root, 'link'));

    expect(await findBarrier(join(root, 'link'), stranger)).toBe(join(root, 'inner'));
  });
});
