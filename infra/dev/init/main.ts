/** `npm run init -- my-app [--bare]`: makes a clone of the template an app of its own. */
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { refuseDirtyTree } from '../clean-tree';
import { Edits } from '../edits';
import { parseJson } from '../json-file';
import { root } from '../root';
import { recordOf, recordWithout, type UpgradeRecord, writeRecord } from '../upgrade/record';
import { stripSample } from './bare';
import { type AppName, appNameOf, freshMeteorId, freshSecrets, rename, template } from './identity';

const help = `npm run init -- NAME [--bare] [--force]

  NAME      of your app, like my-app
  --bare    takes the sample away; one small task, one schedule and a page stay, to show the path
  --force   goes on although there are uncommitted changes`;

interface Order {
  app: AppName;
  bare: boolean;
  force: boolean;
}

function run(): void {
  const order = orderOf(process.argv.slice(2));
  if (!order) {
    console.log(help);
    return;
  }
  const edits = new Edits(root);
  refuseSecondTime(edits);
  if (!order.force) refuseDirtyTree(root, ', or add --force');
  const record = templateRecord();
  withoutTemplate(edits);
  rename(edits, order.app);
  if (order.bare) stripSample(edits);
  const operatorToken = freshSecrets(edits);
  freshMeteorId(edits);
  edits.apply();
  if (order.bare) tidyLockFile();
  format(edits.written());
  if (record) writeRecord(root, recordWithout(record, root));
  console.log(whatNext(order, operatorToken));
}

/** What makes apps of the template goes: this is one. Its `npm test` runs its own tests, `test:infra` the rest. */
function withoutTemplate(edits: Edits): void {
  for (const path of ['tests/template', '.github/workflows/template.yml']) edits.remove(path);
  edits.replace('package.json', /^ {4}"test:template": .*\n/m, '');
  edits.replace('package.json', /"test": "jest"/, '"test": "jest tests/app"');
  edits.replace(
    'README.md',
    /everything, including a real browser$/m,
    "the app's tests; npm run test:infra has the rest",
  );
}

function orderOf(args: string[]): Order | undefined {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { bare: { type: 'boolean' }, force: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help) return undefined;
  return { app: appNameOf(positionals), bare: values.bare ?? false, force: values.force ?? false };
}

/** Secrets that are in use, and data that they have signed, would be lost. */
function refuseSecondTime(edits: Edits): void {
  const { name } = parseJson(edits.text('package.json'), 'package.json') as { name: string };
  if (name === template.name) return;
  throw new Error(`This is ${name} already: init is for a fresh clone. To begin again, clone anew`);
}

/** For later upgrades. A folder without git has no way to one: nothing there could be merged or taken back. */
function templateRecord(): UpgradeRecord | undefined {
  const ask = (...args: string[]) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (ask('rev-parse', 'HEAD').status === 0) return recordOf(root, ask('remote', 'get-url', 'origin').stdout.trim());
  console.error('This is no git checkout with a commit: npm run upgrade will not know what the app is made of');
  return undefined;
}

/** Takes the packages that nobody needs any more out of the lock file, without installing anything. */
function tidyLockFile(): void {
  const args = ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'];
  try {
    execFileSync('npm', args, { cwd: root, stdio: 'pipe' });
  } catch {
    console.error('package-lock.json still has the packages of the sample: npm install takes them out');
  }
}

/** A name of another length breaks lines elsewhere. What biome finds wrong beyond that, npm run validate says. */
function format(files: readonly string[]): void {
  const args = ['check', '--write', '--files-ignore-unknown=true', '--no-errors-on-unmatched', ...files];
  try {
    execFileSync(join(root, 'node_modules/.bin/biome'), args, { cwd: root, stdio: 'pipe' });
  } catch {
    console.error('biome check --write was not content: npm run lint says why');
  }
}

function whatNext({ app, bare }: Order, operatorToken: string): string {
  const edit = bare ? 'imports/ui/App.tsx and imports/tasks/catalog.ts' : 'imports/';
  return `This is ${app.title} now${bare ? ', without the sample' : ''}. Its settings files hold fresh secrets: keep the repository private.
The operator's token for /console: ${operatorToken}

Next:
  1. git add --all && git commit --message "This is ${app.title}"
  2. npm start, then change ${edit} (npm run new:task thumbnail writes a task)
  3. say where it is deployed to, in "deploy" of both settings files, then ./deploy.sh`;
}

try {
  run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
