import { isDispensable, isMachinery, printedPage } from './machinery';
import type { UpgradeRecord } from './record';

/** A file of the template as recorded, in the app, and in the new version: git's hashes. */
type Hashes = ReadonlyMap<string, string>;

/** What an upgrade does to each file of the template that differs. */
export interface UpgradePlan {
  /** Copied from the new version. */
  take: string[];
  /** Removed by the new version. */
  remove: string[];
  /** Changed by the app and by the template: merged. */
  merge: string[];
  /** Machinery that the app has edited: it blocks the upgrade. */
  edited: string[];
}

/**
 * Compares three versions of each file. Pure.
 *
 * @param record the files that the app was made from, @param here the app's files now, @param next those of the new
 *   version.
 */
export function planUpgrade(record: Pick<UpgradeRecord, 'files' | 'without'>, here: Hashes, next: Hashes): UpgradePlan {
  const plan: UpgradePlan = { take: [], remove: [], merge: [], edited: [] };
  const without = new Set(record.without);
  for (const file of new Set([...Object.keys(record.files), ...next.keys()])) {
    if (without.has(file)) continue;
    const [base, comes] = [record.files[file], next.get(file)];
    const mine = file === printedPage && here.has(file) ? base : here.get(file);
    if (mine === comes || (mine === undefined && isDoneWithout(file, record, here))) continue;
    if (mine === base) plan[comes === undefined ? 'remove' : 'take'].push(file);
    else if (isMachinery(file)) plan.edited.push(file);
    else if (comes !== base && mine !== undefined && comes !== undefined) plan.merge.push(file);
  }
  return plan;
}

/** Whether the app has deleted the file, or all that the template had in its folder or in one above it. */
function isDoneWithout(file: string, { files, without }: Pick<UpgradeRecord, 'files' | 'without'>, here: Hashes) {
  const known = [...Object.keys(files), ...without].filter(isDispensable);
  const isEmptied = (folder: string) => {
    const inside = known.filter(one => one.startsWith(folder));
    return inside.length > 0 && !inside.some(one => here.has(one));
  };
  return isDispensable(file) && (file in files || foldersOf(file).some(isEmptied));
}

/** `a/b/c.ts` is in `a/` and `a/b/`. */
const foldersOf = (file: string) => [...file.matchAll(/\//g)].map(({ index }) => file.slice(0, index + 1));

/**
 * The entries that only the new changelog has, under their headings. Pure.
 *
 * @returns '' where there is nothing new.
 */
export function newEntries(before: string, after: string): string {
  const known = new Set(before.split('\n'));
  const entries: string[] = [];
  let headings: string[] = [];
  for (const line of after.split('\n')) {
    if (line.startsWith('## ')) headings = [line];
    else if (line.startsWith('### ')) headings = [...headings.filter(heading => heading.startsWith('## ')), line];
    else if (line.trim() !== '' && !known.has(line) && !line.startsWith('# ')) {
      entries.push(...headings, line);
      headings = [];
    }
  }
  return entries.join('\n');
}
