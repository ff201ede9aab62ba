import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { recordFile } from './record';

/** The location of a version of the template, and its tag. */
export interface Source {
  /** A folder or a URL that git can clone. */
  from: string;
  /** A tag or a branch. Default: the checkout of the source. */
  ref?: string;
}

/**
 * Reads the argument: a folder or a URL, either with `#tag` behind it, or only a tag, of the source that the app was
 * made from.
 *
 * @throws one line if there is a tag, but no source for it.
 */
export function sourceOf(typed: string | undefined, remembered: string | undefined): Source {
  const [place = '', ref] = (typed ?? '').split('#');
  if (/[/\\:]/.test(place) || existsSync(place)) return { from: /:/.test(place) ? place : resolve(place), ref };
  if (remembered === undefined)
    throw new Error(
      `SOURCE: ${JSON.stringify(typed ?? '')} names no folder and no URL, and .tandem.json remembers none. ` +
        'Try: npm run upgrade -- ../tandem, or a git URL',
    );
  return { from: remembered, ref: place || ref };
}

/** A new version of the template on this disk, to be removed after the upgrade. */
export interface Fetched {
  folder: string;
  remove(): void;
}

/** @throws git's own message if the source can't be cloned, or one line if it holds no template. */
export function fetchSource({ from, ref }: Source): Fetched {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-upgrade-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  // A folder is cloned by a URL: git takes --depth only for URLs.
  const url = existsSync(from) ? `file://${from}` : from;
  const branch = ref === undefined ? [] : ['--branch', ref];
  try {
    execFileSync('git', ['clone', '--quiet', '--depth', '1', ...branch, '--', url, folder], { stdio: 'pipe' });
  } catch (cause) {
    remove();
    const said = String((cause as { stderr?: Buffer }).stderr ?? cause).trim();
    throw new Error(`${from}${ref ? `#${ref}` : ''}: can't be cloned. ${said}`, { cause });
  }
  if (existsSync(join(folder, recordFile))) {
    remove();
    throw new Error(notTheTemplate(from));
  }
  return { folder, remove };
}

/** A copy of the template by GitHub's button has its own address from the start: init took it for the template's. */
const notTheTemplate = (from: string) =>
  `SOURCE: ${from} is an app made of the template, perhaps this one, and not the template. Nothing was changed. ` +
  'Name the template itself: npm run upgrade -- URL';
