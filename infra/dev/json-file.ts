import { readFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { oneLine } from '../monitor/one-line';
import { treeOf } from '../settings';
import type { Tree } from '../settings/setting';
import { root as checkout } from './root';

export type Settings = Record<string, unknown>;

/**
 * Reads a settings file. Here it must only be JSON; its role checks the content at start.
 *
 * @throws one line that names the file, what is wrong and where.
 */
export async function readSettings(path: string): Promise<Settings> {
  const settings = await readJson(path);
  if (typeof settings === 'object' && settings !== null && !Array.isArray(settings)) return settings as Settings;
  const held = JSON.stringify(settings).slice(0, 40);
  throw new Error(`${basename(path)}: holds ${oneLine(held)}, it should be an object: { "runJobs": … }`);
}

/** The same settings, with another port for the jobs role in the web role's link. */
export function linkedTo(settings: Settings, jobsPort: number): Settings {
  const link = settings.link as Settings | undefined;
  return link?.url ? { ...settings, link: { ...link, url: `http://localhost:${jobsPort}` } } : settings;
}

/**
 * The rules of the app's own settings. The machinery imports nothing of the app, but a program of the checkout may load
 * it.
 */
export function appSettingsTree(root = checkout): Tree {
  const { settings } = require(join(root, 'imports/settings')) as { settings: object };
  return treeOf(settings);
}

/**
 * The content of a JSON file that a person has edited. It may begin with a byte order mark, which some editors write
 * and Meteor skips.
 *
 * @throws one line that names the file, what is wrong and where.
 */
async function readJson(path: string): Promise<unknown> {
  const name = basename(path);
  const bytes = await readFile(path).catch(error => {
    throw new Error(`${name}: can't be read (${error.code}). It should be at ${resolve(path)}`, { cause: error });
  });
  if (isUtf16(bytes)) throw new Error(`${name}: is not JSON in UTF-8 but in UTF-16: save it as UTF-8`);
  return parseJson(bytes.toString('utf8'), name);
}

/** @throws one line that begins with `name`, says what is wrong and where. */
export function parseJson(text: string, name: string): unknown {
  const json = withoutByteOrderMark(text);
  try {
    return JSON.parse(json);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`${name}: is not JSON: ${oneLine(message)}${place(json, message)}`, { cause: error });
  }
}

const withoutByteOrderMark = (text: string) => text.replace(/^\uFEFF/, '');

/** The byte order mark of UTF-16, or a zero byte in an ASCII character. */
function isUtf16([first, second]: Buffer): boolean {
  const mark = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  return mark || first === 0 || second === 0;
}

function place(text: string, message: string): string {
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined || /line \d+/.test(message)) return '';
  return ` (line ${text.slice(0, Number(position)).split('\n').length})`;
}
