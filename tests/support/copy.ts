import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startProcess, type TestProcess } from './processes';
import { root } from './run';

export interface Finished {
  code: number | NodeJS.Signals;
  output: string;
}

/** A whole copy of this checkout as it stands, uncommitted files too, with the packages linked: a test may do anything to it. */
export class Copy {
  readonly folder = mkdtempSync(join(tmpdir(), 'tandem-copy-'));
  private readonly started: TestProcess[] = [];

  constructor(fill = fillWithThisCheckout) {
    fill(this.folder);
  }

  /** A clone at the first commit that could be upgraded; where history is shallow, at the commit of this checkout. */
  static ofFirstUpgradable(): Copy {
    return new Copy(folder => {
      const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
      const [first] = git('log', '--reverse', '--format=%H', '--', 'infra/dev/upgrade/main.ts').split('\n');
      git('clone', '--quiet', '--no-checkout', root, folder);
      git('-C', folder, 'checkout', '--quiet', '--detach', first || 'HEAD');
      linkPackages(folder);
      standInForPackages(folder);
    });
  }

  /** Runs a program in the copy to its end. Its tests use the MongoDB of this run. */
  async run(command: string, args: string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
    const process = this.start(command, args, env);
    return { code: await process.ended, output: process.output };
  }

  start(command: string, args: string[], env: NodeJS.ProcessEnv = {}): TestProcess {
    const started = startProcess(command, args, { cwd: this.folder, env: { ...this.environment(), ...env } });
    this.started.push(started);
    return started;
  }

  npm(...args: string[]): Promise<Finished> {
    return this.run('npm', ['--silent', ...args]);
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  delete(path: string): void {
    rmSync(join(this.folder, path));
  }

  has(path: string): boolean {
    return existsSync(join(this.folder, path));
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  /** Commits all that is in it; makes it a git repository first, as a fresh clone is one. */
  commit(): void {
    const as = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
    for (const args of [
      ['init', '--quiet'],
      ['add', '--all'],
      ['commit', '--quiet', '--message', 'a commit'],
    ])
      execFileSync('git', [...as, ...args], { cwd: this.folder });
  }

  /** Every file and what is in it, to see whether something was touched. */
  contents(): Record<string, string> {
    const files = execFileSync(
      'find',
      ['.', '(', '-name', '.git', '-o', '-name', 'node_modules', ')', '-prune', '-o', '-type', 'f', '-print'],
      { cwd: this.folder },
    );
    const paths = files.toString().trim().split('\n').sort();
    return Object.fromEntries(paths.map(path => [path, readFileSync(join(this.folder, path), 'latin1')]));
  }

  /** Ends whatever still runs, and removes the folder. */
  async remove(): Promise<void> {
    for (const process of this.started) process.kill();
    await Promise.all(this.started.map(process => process.ended));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Nothing of the Jest that runs this test, which would change the Jest that runs in the copy, but its MongoDB. */
  private environment(): NodeJS.ProcessEnv {
    const { NODE_ENV, JEST_WORKER_ID, TANDEM_TEST_RUN, TANDEM_TEST_MONGO_URL, ...ours } = process.env;
    return TANDEM_TEST_MONGO_URL ? { ...ours, MONGO_URL: TANDEM_TEST_MONGO_URL } : ours;
  }
}

/** Packages of its own, since an upgrade may install others: the same files, where the file system lets them be shared. */
function linkPackages(folder: string): void {
  const packages = join(root, 'node_modules');
  const { status } = spawnSync('cp', ['-al', packages, folder]);
  if (status !== 0) execFileSync('cp', ['-R', packages, folder]);
  // npm writes into this one, where it replaces others.
  rmSync(join(folder, 'node_modules/.package-lock.json'));
  cpSync(join(packages, '.package-lock.json'), join(folder, 'node_modules/.package-lock.json'));
}

/** A package that only the version before needed just has to be there. */
function standInForPackages(folder: string): void {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
    const its = join(folder, 'node_modules', name);
    if (existsSync(its)) continue;
    mkdirSync(its, { recursive: true });
    writeFileSync(join(its, 'package.json'), JSON.stringify({ name, version: '0.0.0' }));
  }
}

function fillWithThisCheckout(folder: string): void {
  for (const file of filesOf(root)) cpSync(join(root, file), join(folder, file));
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
}

/** What git knows or would add, links to packages aside. A file that another process is just removing is not there. */
function filesOf(folder: string): string[] {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const listed = execFileSync('git', args, { cwd: folder }).toString().split('\0').filter(Boolean);
  return listed.filter(file => file !== 'node_modules' && existsSync(join(folder, file)));
}
