/** `npm run init -- my-app [--bare] [--accounts]`: makes a clone of the template an app of its own. */
import { execFileSync, spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { refuseDirtyTree } from '../clean-tree';
import { Edits } from '../edits';
import { parseJson } from '../json-file';
import { refuseFlagsOfNpm } from '../npm-flags';
import { root } from '../root';
import { recordOf, recordWithout, type UpgradeRecord, writeRecord } from '../upgrade/record';
import { addAccounts } from './accounts';
import { stripSample } from './bare';
import {
  type AppName,
  appNameOf,
  freshMeteorId,
  productionSettings,
  rename,
  template,
  withoutItsPapers,
} from './identity';

const help = `npm run init -- NAME [--bare] [--accounts] [--force]

  NAME        of your app, like my-app
  --bare      takes the sample away; one small task, one schedule and a page stay, to show the path
  --accounts  people sign in, and own what they make: docs/accounts.md
  --force     goes on although there are uncommitted changes`;

interface Order {
  app: AppName;
  bare: boolean;
  accounts: boolean;
  force: boolean;
}

function run(): void {
  const order = orderOf(process.argv.slice(2));
  if (!order) {
    console.log(help);
    return;
  }
  refuseFlagsOfNpm('init', ['bare', 'accounts']);
  const edits = new Edits(root);
  refuseSecondTime(edits);
  if (!order.force) refuseDirtyTree(root, ', or add --force');
  const record = templateRecord();
  withoutTemplate(edits);
  rename(edits, order.app);
  if (order.accounts) addAccounts(edits, root);
  if (order.bare) stripSample(edits);
  withoutItsPapers(edits, order.app, versionOf(edits));
  const operatorToken = productionSettings(edits);
  freshMeteorId(edits);
  edits.apply();
  if (record) writeRecord(root, recordWithout(record, root, ['CHANGELOG.md']));
  withoutItsRemote();
  // These take a while: where Ctrl-C breaks them off, the app can be upgraded all the same.
  if (order.bare) tidyLockFile();
  format(edits.written());
  console.log(whatNext(order, operatorToken));
}

/** Removes the tests of the template itself. The app's `npm test` runs its own tests, and `test:infra` the rest. */
function withoutTemplate(edits: Edits): void {
  for (const path of ['template', 'tests/template', '.github/workflows/template.yml']) edits.remove(path);
  const contributing = edits.text('CONTRIBUTING.md').split('\n');
  const [from, to] = ['- **What makes apps**', '- **Speed**'].map(text =>
    contributing.findIndex(line => line.startsWith(text)),
  );
  edits.write('CONTRIBUTING.md', contributing.toSpliced(from!, to! - from!).join('\n'));
  edits.json('package.json', ({ scripts }: { scripts: Record<string, string> }) => {
    delete scripts['test:template'];
    scripts.test = 'jest tests/app';
    scripts.validate = scripts.validate!.replace('npm test', 'npm test && npm run test:e2e');
  });
  edits.removeLines('AGENTS.md', [
    '| `template/` | what `npm run init` may add to an app, at its place below `template/accounts`; not in the app | the sample |',
  ]);
  edits.replace('tsconfig.json', '    "rootDirs": [".", "template/accounts"],\n', '');
  edits.replace('tsconfig.json', ', "template", "*.ts"]', ', "*.ts"]');
  edits.replace(
    'README.md',
    '`npm run init -- my-app` makes it yours; `--accounts` has people sign in ([Accounts](docs/accounts.md)). ',
    '',
  );
  edits.replace(
    'README.md',
    'everything, including a real browser\n',
    "the app's tests; npm run test:infra has the rest\n",
  );
}

const versionOf = (edits: Edits) =>
  (parseJson(edits.text('package.json'), 'package.json') as { version: string }).version;

/** A push of the app would go to the template. `.tandem.json` knows where later versions come from. */
function withoutItsRemote(): void {
  const git = (...args: string[]) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  const origin = git('remote', 'get-url', 'origin').stdout?.trim() ?? ''; // there may be no git at all
  if (basename(origin, '.git') !== template.name) return; // of a copy that is the app's already
  git('remote', 'remove', 'origin');
  console.log(`The remote origin, ${origin}, was the template's and is gone: git remote add origin <yours>`);
}

function orderOf(args: string[]): Order | undefined {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      bare: { type: 'boolean' },
      accounts: { type: 'boolean' },
      force: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) return undefined;
  return {
    app: appNameOf(positionals),
    bare: values.bare ?? false,
    accounts: values.accounts ?? false,
    force: values.force ?? false,
  };
}

/** Refuses a second init: it would replace secrets in use, and data that they have signed would be lost. */
function refuseSecondTime(edits: Edits): void {
  const { name } = parseJson(edits.text('package.json'), 'package.json') as { name: string };
  if (name === template.name) return;
  throw new Error(`This is ${name} already: init is for a fresh clone. To begin again, clone anew`);
}

/**
 * Writes the record for later upgrades. A folder without git can't have one: an upgrade there could neither merge nor
 * be undone.
 */
function templateRecord(): UpgradeRecord | undefined {
  const ask = (...args: string[]) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (ask('rev-parse', 'HEAD').status === 0) return recordOf(root, ask('remote', 'get-url', 'origin').stdout.trim());
  console.error('This is no git checkout with a commit: npm run upgrade will not know what the app is made of');
  return undefined;
}

/** Removes unused packages from the lock file, without installing anything. */
function tidyLockFile(): void {
  const args = ['install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'];
  try {
    execFileSync('npm', args, { cwd: root, stdio: 'pipe' });
  } catch {
    console.error('package-lock.json still has the packages of the sample: npm install takes them out');
  }
}

/** A name of another length changes where lines break. npm run validate reports other findings of biome. */
function format(files: readonly string[]): void {
  const args = ['check', '--write', '--files-ignore-unknown=true', '--no-errors-on-unmatched', ...files];
  try {
    execFileSync(join(root, 'node_modules/.bin/biome'), args, { cwd: root, stdio: 'pipe' });
  } catch {
    console.error('biome check --write was not content: npm run lint says why');
  }
}

const ofAccounts = `The web role logs a link by which you become the first administrator. In production it sends the mails of accounts only
with MAIL_URL (smtp://user:password@host:587) in its environment, or email in its setting packages: docs/accounts.md
`;

function whatNext({ app, bare, accounts }: Order, operatorToken: string): string {
  const edit = bare ? 'imports/ui/App.tsx and imports/tasks/catalog.ts' : 'imports/';
  return `This is ${app.title} now${bare ? ', without the sample' : ''}.
Its secrets for production are in settings-web.production.json and settings-jobs.production.json, which git ignores: keep
a copy of them. The operator's token for /console there: ${operatorToken}
${accounts ? ofAccounts : ''}
Next:
  1. git add --all && git commit --message "This is ${app.title}"
  2. npm start, then change ${edit} (npm run new:task thumbnail writes a task)
  3. fill in both production files (deploy.host, link.url, MONGO_URL: docs/deploy.md), then ./deploy.sh production`;
}

try {
  run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
