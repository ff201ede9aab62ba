import { join } from 'node:path';
import { treeOf } from '../settings';
import type { Tree } from '../settings/setting';
import { root as checkout } from './root';

/** The rules of the app's own settings: the machinery imports nothing of the app, a program of its checkout may load it. */
export async function appSettingsTree(root = checkout): Promise<Tree> {
  const { settings } = (await import(join(root, 'imports/settings'))) as { settings: object };
  return treeOf(settings);
}
