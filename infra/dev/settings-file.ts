import { basename, join } from 'node:path';
import { oneLine } from '../monitor/one-line';
import type { RoleName } from './flags';
import { readJson } from './json-file';

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

/**
 * Reads the settings file of a role as a developer starts it. A file that says the opposite of its name would leave that
 * role out: no task would run, or no page be served.
 *
 * @throws one line that names the file, what is wrong and where.
 */
export async function readRoleSettings(folder: string, role: RoleName): Promise<Settings> {
  const name = settingsFileOf(role);
  const settings = await readSettings(join(folder, name));
  if (settings.runJobs !== (role === 'web')) return settings;
  const lost = role === 'web' ? 'no process would serve the page' : 'no process would run tasks';
  throw new Error(
    `${name}: "runJobs" is ${settings.runJobs}, so ${lost}: set it to ${!settings.runJobs} (the web role has false, the jobs role true)`,
  );
}

export const settingsFileOf = (role: RoleName) => `settings-${role}.json`;

/** The same settings, where the web role finds the jobs role at another port than the file says. */
export function linkedTo(settings: Settings, jobsPort: number): Settings {
  const link = settings.link as Settings | undefined;
  return link?.url ? { ...settings, link: { ...link, url: `http://localhost:${jobsPort}` } } : settings;
}
