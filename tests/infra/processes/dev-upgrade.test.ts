import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepAsPatch } from '../../../infra/dev/upgrade/git-blobs';
import { recordOf, writeRecord } from '../../../infra/dev/upgrade/record';
import { Checkout } from '../../support/checkout';
import { startProcess } from '../../support/processes';

jest.setTimeout(60_000);

/** An app as after its first commit, and the template, with a later version. */
let app: Checkout;
let template: Checkout;
beforeAll(() => {
  [app, template] = [new Checkout(), new Checkout()];
  for (const checkout of [app, template]) {
    checkout.write('.gitignore', 'node_modules\n');
    execFileSync('git', ['init', '--quiet'], { cwd: checkout.folder });
    commit(checkout);
  }
  writeRecord(app.folder, recordOf(app.folder, undefined));
  commit(app);
  template.write('infra/dev/root.ts', `${template.read('infra/dev/root.ts')}// A later version.\n`);
  commit(template);
});
afterAll(() => Promise.all([app, template].map(checkout => checkout.remove())));

const git = (...args: string[]) => execFileSync('git', args, { cwd: app.folder, encoding: 'utf8' });

function commit({ folder }: Checkout): void {
  const as = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
  execFileSync('git', ['add', '--all'], { cwd: folder });
  execFileSync('git', [...as, 'commit', '--quiet', '--message', 'a commit'], { cwd: folder });
}

async function upgrade(...args: string[]): Promise<string> {
  const npm = app.npm(['run', '--silent', 'upgrade', ...args]);
  expect(await npm.ended).toBe(1);
  expect(git('status', '--porcelain')).toBe('');
  return npm.output;
}

test('an app is no later version of the template, such as the copy by a button whose address init took for that', async () => {
  expect(await upgrade('--', app.folder)).toContain(`${app.folder} is an app made of the template`);
});

test('a flag that npm keeps for itself is not left out: an upgrade is no dry run of one', async () => {
  expect(await upgrade('../tandem', '--dry-run')).toContain('Try: npm run upgrade -- ../tandem --dry-run');
});

test('the record, which is committed, holds no token of a URL', () => {
  const remembered = (url: string) => recordOf(app.folder, url).source;
  expect(remembered('https://me:s3cret@example.com/t.git')).toBe('https://example.com/t.git');
  expect(remembered('https://s3cret@example.com/a@b.git')).toBe('https://example.com/a@b.git');
  for (const url of ['git@example.com:me/t.git', 'ssh://git@example.com/t.git', 'https://example.com/t.git'])
    expect(remembered(url)).toBe(url);
});

test('the patch with the edits of an app holds all of them, such as those of a formatter', () => {
  const edited = `${'// a line of which nothing is lost\n'.repeat(40_000)}// the last one\n`;
  app.write('infra/edited.ts', edited);
  const patch = app.read(keepAsPatch(app.folder, ['infra/edited.ts'], {}));
  expect(patch.slice(-30)).toContain('+// the last one\n');
  git('clean', '--force', '--quiet');
  git('clean', '--force', '--quiet', 'infra');
});

test('an app that has thrown all changelogs away can be upgraded', async () => {
  const dryRun = app.npm(['run', '--silent', 'upgrade', '--', template.folder, '--dry-run']);
  expect(await dryRun.ended).toBe(0);
  expect(dryRun.output).toContain('1 files to take');
});

test('Ctrl-C in the middle of its checks says how to go back, and leaves nothing of what was fetched', async () => {
  const scratch = mkdtempSync(join(tmpdir(), 'tandem-scratch-'));
  writeFileSync(join(scratch, 'npm'), '#!/bin/sh\nkill -INT 0\n', { mode: 0o755 });
  const args = ['--require', 'tsx/cjs', 'infra/dev/upgrade/main.ts', template.folder];
  const env = { ...process.env, PATH: `${scratch}:${process.env.PATH}`, TMPDIR: scratch };
  const upgrading = startProcess(process.execPath, args, { cwd: app.folder, env });
  expect(await upgrading.ended).toBe(1);
  expect(upgrading.output).toContain('To go back: git reset --hard');
  expect(app.read('infra/dev/root.ts')).toContain('// A later version.');
  expect(readdirSync(scratch).filter(name => name.startsWith('tandem-'))).toEqual([]);
  rmSync(scratch, { recursive: true });
  git('reset', '--quiet', '--hard');
});
