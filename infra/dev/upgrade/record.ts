import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson } from '../json-file';
import { templateFiles } from './machinery';
import type { Manifest } from './merge-manifest';

/**
 * `.tandem.json`: the version of the template that an app is made from. `npm run init` writes it, an upgrade renews it.
 */
export interface UpgradeRecord {
  /** The template's version and commit. */
  version: string;
  commit: string;
  /** The source of later versions: a URL for git. */
  source?: string;
  /** The template's own package.json, to which an upgrade compares the app's. */
  manifest: Manifest;
  /** Each file of the template in the app, with git's hash of its content. */
  files: Record<string, string>;
  /** Files of the template that the app has removed. They don't come back. */
  without: string[];
}

/** What only an app has, and never the template. */
export const recordFile = '.tandem.json';

/** Where an app has the template's changelog, up to the version that it is made from: CHANGELOG.md is its own. */
export const changelogHere = 'infra/CHANGELOG.md';

/** The record of a checkout of the template, before any change. */
export function recordOf(template: string, source: string | undefined): UpgradeRecord {
  const manifest = parseJson(readFileSync(join(template, 'package.json'), 'utf8'), 'package.json') as Manifest;
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: template }).toString().trim();
  // A folder of this machine is useless on another one.
  const isUrl = source !== undefined && /:/.test(source) && !source.startsWith('file:');
  const files = Object.fromEntries(templateFiles(template));
  return {
    version: String(manifest.version),
    commit,
    ...(isUrl && { source: withoutSecrets(source) }),
    manifest,
    files,
    without: [],
  };
}

/** A URL may hold the token that it was cloned by, and the record is committed. */
const withoutSecrets = (url: string) => url.replace(/^(https?:\/\/)[^/]*@/, '$1');

/**
 * Removes the files from a record that the app has removed, or has replaced by its own.
 *
 * @param own files of the app that only have the name of one of the template's.
 */
export function recordWithout(record: UpgradeRecord, app: string, own: readonly string[] = []): UpgradeRecord {
  const without = Object.keys(record.files).filter(file => own.includes(file) || !existsSync(join(app, file)));
  const files = Object.fromEntries(Object.entries(record.files).filter(([file]) => !without.includes(file)));
  return { ...record, files, without };
}

/** @throws one line if there is none, or if it can't be read. */
export function readRecord(folder: string): UpgradeRecord {
  const path = join(folder, recordFile);
  if (!existsSync(path))
    throw new Error(
      `${recordFile}: is missing. npm run init writes it; a clone without init takes a later version by git pull`,
    );
  const record = parseJson(readFileSync(path, 'utf8'), recordFile) as UpgradeRecord;
  for (const key of ['version', 'commit', 'manifest', 'files', 'without'] as const)
    if (record?.[key] === undefined)
      throw new Error(`${recordFile}: ${key} is missing. Take the file from the last commit again`);
  return record;
}

export function writeRecord(folder: string, record: UpgradeRecord): void {
  writeFileSync(join(folder, recordFile), `${JSON.stringify(record, null, 2)}\n`);
}
