import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseJson } from '../json-file';
import { templateFiles } from './machinery';
import type { Manifest } from './merge-manifest';

/** `.tandem.json`: which version of the template an app is made of. `npm run init` writes it, an upgrade renews it. */
export interface UpgradeRecord {
  /** The template's version and commit. */
  version: string;
  commit: string;
  /** Where later versions come from: a URL that git knows. */
  source?: string;
  /** The template's own package.json: what an upgrade compares the app's with. */
  manifest: Manifest;
  /** Each file of the template in the app, with git's hash of what is in it. */
  files: Record<string, string>;
  /** Files of the template that the app does without. They don't come back. */
  without: string[];
}

const file = '.tandem.json';

/** What there is to know of a checkout of the template, before anything of it is changed. */
export function recordOf(template: string, source: string | undefined): UpgradeRecord {
  const manifest = parseJson(readFileSync(join(template, 'package.json'), 'utf8'), 'package.json') as Manifest;
  const commit = execFileSync('git', ['rev-parse', 'HEAD'], { cwd: template }).toString().trim();
  // A folder of this machine says nothing to the next one.
  const isUrl = source !== undefined && /:/.test(source) && !source.startsWith('file:');
  const files = Object.fromEntries(templateFiles(template));
  return { version: String(manifest.version), commit, ...(isUrl && { source }), manifest, files, without: [] };
}

/** Takes out of a record what the app does without. */
export function recordWithout(record: UpgradeRecord, app: string): UpgradeRecord {
  const without = Object.keys(record.files).filter(file => !existsSync(join(app, file)));
  const files = Object.fromEntries(Object.entries(record.files).filter(([file]) => !without.includes(file)));
  return { ...record, files, without };
}

/** @throws one line where there is none, or it can't be read. */
export function readRecord(folder: string): UpgradeRecord {
  const path = join(folder, file);
  if (!existsSync(path))
    throw new Error(
      `${file}: is missing. npm run init writes it; a clone without init takes a later version by git pull`,
    );
  const record = parseJson(readFileSync(path, 'utf8'), file) as UpgradeRecord;
  for (const key of ['version', 'commit', 'manifest', 'files', 'without'] as const)
    if (record?.[key] === undefined)
      throw new Error(`${file}: ${key} is missing. Take the file from the last commit again`);
  return record;
}

export function writeRecord(folder: string, record: UpgradeRecord): void {
  writeFileSync(join(folder, file), `${JSON.stringify(record, null, 2)}\n`);
}
