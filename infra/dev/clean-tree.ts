import { spawnSync } from 'node:child_process';

/**
 * Refuses a checkout with changes that git alone could not restore.
 *
 * @param otherwise what else a person can do, for the message.
 * @throws with the uncommitted changes, or if there is no git checkout.
 */
export function refuseDirtyTree(folder: string, otherwise = ''): void {
  const { status, stdout } = spawnSync('git', ['status', '--porcelain'], { cwd: folder, encoding: 'utf8' });
  if (status !== 0)
    throw new Error(`This is no git checkout, so nothing could be taken back. Run git init${otherwise}`);
  const changes = stdout.trimEnd();
  if (changes !== '') throw new Error(`There are uncommitted changes. Commit them first${otherwise}:\n${changes}`);
}
