import { basename, join } from 'node:path';
import { oneLine } from '../monitor/one-line';
import { treeOf } from '../settings';
import type { Tree } from '../settings/setting';
import { readJson } from './json-file';
import { root as checkout } from './root';

export type Settings = Record<string, unknown>;

/**
 * Reads a settings file. What is in it, its role checks at start: here it must only be JSON.
 *
 * @throws one line that names the file, what is wrong and where.
 */
export async function readSettings(path: string): Promise<Settings> {
  const settings = await readJson(path);
  if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) return settings as Settings;
  const held = JSON.stringify(settings).slice(0, 40);
  throw new Error(`${basename(path)}: holds ${oneLine(held)}, it should be an object: { "runJobs": … }`);
}

/** The same settings, where the web role finds the jobs role at another port than the file says. */
export function linkedTo(settings: Settings, jobsPort: number): Settings {
  const link = settings.link as Settings | undefined;
  return link?.url ? { ...settings, link: { ...link, url: `http://localhost:${jobsPort}` } } : settings;
}

/** The rules of the app's own settings: the machinery imports nothing of the app, a program of its checkout may load it. */
export async function appSettingsTree(root = checkout): Promise<Tree> {
  const { settings } = (await import(join(root, 'imports/settings'))) as { settings: object };
  return treeOf(settings);
}
