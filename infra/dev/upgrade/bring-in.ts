/**
 * The new version's side of `npm run upgrade`: bring-in.ts APP SOURCE [--force] [--dry-run]
 * plan → refuse → show → write → install → check. Git alone undoes all but the last, since the tree was clean.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { refuseDirtyTree } from '../clean-tree';
import { parseJson } from '../json-file';
import { root as next } from '../root';
import { keepAsPatch, mergeTexts } from './git-blobs';
import { packagesNeeded, printedPage, templateFiles } from './machinery';
import { type Manifest, mergeManifest } from './merge-manifest';
import { newEntries, planUpgrade, type UpgradePlan } from './plan';
import { changelogHere, readRecord, recordOf, recordWithout, type UpgradeRecord, writeRecord } from './record';

interface Order {
  /** The app's folder. */
  app: string;
  /** The source of the new version. */
  source: string;
  force: boolean;
  dryRun: boolean;
}

function bringIn({ app, source, force, dryRun }: Order): boolean {
  const record = readRecord(app);
  refuseDirtyTree(app);
  const nextRecord = recordOf(next, source);
  const plan = planUpgrade(record, templateFiles(app), new Map(Object.entries(nextRecord.files)));
  if (plan.edited.length > 0 && !force) throw new Error(refusal(plan.edited));
  console.log(announcement(plan, record, nextRecord, app));
  if (dryRun) return true;
  const patch = plan.edited.length > 0 ? keepAsPatch(app, plan.edited, record.files) : undefined;
  const unmerged = writeFiles(app, plan, record);
  const renewed = recordWithout(nextRecord, app, record.without);
  const needed = packagesNeeded(next, Object.keys(renewed.files));
  const { clashes, packagesChanged } = writeManifest(app, record.manifest, nextRecord.manifest, needed);
  writeRecord(app, renewed);
  if (existsSync(join(app, changelogHere))) cpSync(join(next, 'CHANGELOG.md'), join(app, changelogHere));
  const isGood = check(app, packagesChanged);
  console.log(whatNext(isGood, [...unmerged.map(file => `${file}: both have changed it`), ...clashes], patch));
  return isGood;
}

function refusal(edited: readonly string[]): string {
  return `Nothing was changed: this app has edited the machinery.
${edited.map(file => `  ${file}`).join('\n')}
Take the edits back, or add --force: the files are replaced then, and the edits are kept as a patch file`;
}

function announcement(plan: UpgradePlan, from: UpgradeRecord, to: UpgradeRecord, app: string): string {
  const known = textOf(join(app, changelogHere)) || textOf(join(app, 'CHANGELOG.md'));
  const changelog = newEntries(known, textOf(join(next, 'CHANGELOG.md')));
  const { take, remove, merge, edited } = plan;
  return `From ${nameOf(from)} to ${nameOf(to)}: ${take.length} files to take, ${remove.length} to remove, ${merge.length} to merge${
    edited.length > 0 ? `, ${edited.length} edited ones to replace` : ''
  }.
${changelog === '' ? 'The changelog says nothing new.' : `What is new:\n\n${changelog}\n`}`;
}

const nameOf = ({ version, commit }: UpgradeRecord) => `${version} (${commit.slice(0, 7)})`;

const textOf = (path: string) => (existsSync(path) ? readFileSync(path, 'utf8') : '');

/** @returns the files that could not be merged: they keep the app's version. */
function writeFiles(app: string, { take, remove, merge, edited }: UpgradePlan, record: UpgradeRecord): string[] {
  for (const file of [...remove, ...edited]) rmSync(join(app, file), { force: true });
  for (const file of [...take, ...edited]) if (existsSync(join(next, file))) cpSync(join(next, file), join(app, file));
  return merge.filter(file => {
    const merged = mergeTexts(app, file, record.files[file], join(next, file));
    if (merged) writeFileSync(join(app, file), merged);
    return !merged;
  });
}

function writeManifest(
  app: string,
  base: Manifest,
  comes: Manifest,
  needed: readonly string[],
): { clashes: string[]; packagesChanged: boolean } {
  const path = join(app, 'package.json');
  const mine = parseJson(readFileSync(path, 'utf8'), 'package.json') as Manifest;
  const { merged, clashes } = mergeManifest(base, mine, comes, needed);
  writeFileSync(path, `${JSON.stringify(merged, null, 2)}\n`);
  const packages = (of: Manifest) => [of.dependencies, of.devDependencies];
  return { clashes, packagesChanged: !isDeepStrictEqual(packages(mine), packages(merged)) };
}

/** Installs new packages, prints the app's settings into their new page, compiles and tests, until a step fails. */
function check(app: string, packagesChanged: boolean): boolean {
  const install = packagesChanged ? [['install', '--no-audit', '--no-fund']] : [];
  const print = existsSync(join(app, printedPage)) ? [['run', '--if-present', 'docs:settings']] : [];
  // The steps end by Ctrl-C: then, too, a person has to hear how to keep the result, and how to go back.
  process.on('SIGINT', () => {});
  return [...install, ...print, ['run', 'types'], ['test']].every(args => {
    console.log(`\nnpm ${args.join(' ')}`);
    return spawnSync('npm', args, { cwd: app, stdio: 'inherit' }).status === 0;
  });
}

function whatNext(isGood: boolean, byHand: readonly string[], patch: string | undefined): string {
  return [
    isGood
      ? '\nThe machinery is new, and the app passes with it.'
      : '\nThe machinery is new. What failed is said above.',
    ...(byHand.length > 0 ? ['Left as they are here, to be looked at:', ...byHand.map(line => `  ${line}`)] : []),
    ...(patch
      ? [
          `The edits of the machinery are in ${patch}: git add --all && git apply --3way ${patch} brings back what still fits.`,
        ]
      : []),
    'To keep it: git add --all && git commit. To go back: git reset --hard && git clean -d --force && npm ci',
  ].join('\n');
}

function orderOf(args: string[]): Order {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { force: { type: 'boolean' }, 'dry-run': { type: 'boolean' } },
  });
  const [app = '', source = ''] = positionals;
  return { app, source, force: values.force ?? false, dryRun: values['dry-run'] ?? false };
}

try {
  process.exitCode = bringIn(orderOf(process.argv.slice(2))) ? 0 : 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
