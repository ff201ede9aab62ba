import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';

export type Settings = Record<string, unknown>;

/**
 * Reads a settings file. What is in it, its role checks at start: here it must only be JSON.
 *
 * @throws one line that names the file, what is wrong and where.
 */
export async function readSettings(path: string): Promise<Settings> {
  const name = basename(path);
  const text = await readFile(path, 'utf8').catch(error => {
    throw new Error(`${name}: can't be read (${error.code}). It should be at ${resolve(path)}`, { cause: error });
  });
  const settings = parsed(text, name);
  if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) return settings as Settings;
  throw new Error(`${name}: holds ${JSON.stringify(settings)?.slice(0, 40)}, it should be an object: { "runJobs": … }`);
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`${name}: is not JSON: ${(error as Error).message}${place(text, error as Error)}`, {
      cause: error,
    });
  }
}

function place(text: string, error: Error): string {
  const position = /position (\d+)/.exec(error.message)?.[1];
  if (position === undefined || /line \d+/.test(error.message)) return '';
  return ` (line ${text.slice(0, Number(position)).split('\n').length})`;
}

/** The same settings, where the web role finds the jobs role at another port than the file says. */
export function linkedTo(settings: Settings, jobsPort: number): Settings {
  const link = settings.link as Settings | undefined;
  return link?.url ? { ...settings, link: { ...link, url: `http://localhost:${jobsPort}` } } : settings;
}
