import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess, type TestProcess } from './processes';
import { root } from './run';

export interface Finished {
  code: number | NodeJS.Signals;
  output: string;
}

type SettingsFile = Record<string, unknown> & { deploy: Record<string, unknown> };

/** npm is asked for what is tested elsewhere: here it notes that, and fails at the script that NPM_FAILS_AT names. */
const npmStandIn = `#!/bin/sh
echo "$*" >>"$METEOR_STAND_IN_FOLDER/npm-calls"
[ "$3" != "$NPM_FAILS_AT" ]
`;

/** A small git checkout with our deploy.sh, a stand-in `meteor` on its PATH, and a Galaxy that answers /healthz. */
export class DeployCheckout {
  /** The same for all tests of a file: what their programs are compiled to is kept by its path. */
  readonly folder = join(tmpdir(), `tandem-deploy-${process.pid}`);
  private readonly standIn = mkdtempSync(join(tmpdir(), 'tandem-meteor-'));
  private galaxy!: Server;
  web!: SettingsFile;
  jobs!: SettingsFile;

  async open(): Promise<this> {
    this.galaxy = createServer((request, response) => this.answer(request.url ?? '', response));
    await new Promise<void>(resolve => this.galaxy.listen(0, '127.0.0.1', resolve));
    this.copySources();
    this.installStandIn();
    this.web = this.settingsOf('web', false);
    this.jobs = this.settingsOf('jobs', true);
    this.writeSettings();
    this.git('init', '--quiet');
    this.commit();
    return this;
  }

  close(): void {
    this.galaxy.close();
    for (const folder of [this.folder, this.standIn]) rmSync(folder, { recursive: true, force: true });
  }

  /** A third role, by its settings file. */
  writeFurtherRole(name: string, suffix = ''): void {
    writeFileSync(join(this.folder, `settings-${name}${suffix}.json`), JSON.stringify(this.settingsOf(name, true)));
  }

  writeSettings(suffix = ''): void {
    writeFileSync(join(this.folder, `settings-web${suffix}.json`), JSON.stringify(this.web));
    writeFileSync(join(this.folder, `settings-jobs${suffix}.json`), JSON.stringify(this.jobs));
  }

  commit(): string {
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '--message', 'a commit');
    return this.git('rev-parse', 'HEAD');
  }

  /** What was asked of the Meteor tool, each call as its arguments. */
  calls(): string[][] {
    const file = join(this.standIn, 'calls');
    return existsSync(file)
      ? readFileSync(file, 'utf8')
          .trim()
          .split('\n')
          .map(line => JSON.parse(line) as string[])
      : [];
  }

  log(): string {
    return readFileSync(join(this.folder, '.local/deploys.log'), 'utf8');
  }

  async deploy(args: string[] = [], environment: NodeJS.ProcessEnv = {}): Promise<Finished> {
    const deploy = this.start(args, environment);
    return { code: await deploy.ended, output: deploy.output };
  }

  start(args: string[] = [], environment: NodeJS.ProcessEnv = {}): TestProcess {
    return startProcess('./deploy.sh', args, { cwd: this.folder, env: this.environment(environment) });
  }

  git(...args: string[]): string {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
    return execFileSync('git', [...identity, ...args], { cwd: this.folder })
      .toString()
      .trim();
  }

  /** What a role says that it runs, as if somebody had deployed it from elsewhere. */
  runs(host: string, commit: string): void {
    const file = join(this.standIn, 'running.json');
    const running = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    writeFileSync(file, JSON.stringify({ ...running, [host]: commit }));
  }

  /** What was asked of npm, a call a line. */
  npmCalls(): string {
    return readFileSync(join(this.standIn, 'npm-calls'), 'utf8');
  }

  get pathWithoutMeteor(): string {
    return `${this.standIn}/tools:/usr/bin:/bin`;
  }

  private environment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    return {
      ...process.env,
      PATH: `${this.standIn}/bin:${this.pathWithoutMeteor}`,
      METEOR_STAND_IN_FOLDER: this.standIn,
      DEPLOY_HEALTH_TIMEOUT_SECONDS: '1',
      ...more,
    };
  }

  private copySources(): void {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder);
    for (const path of [
      'deploy.sh',
      'infra/dev/deploy',
      'infra/dev/roles.ts',
      'infra/dev/root.ts',
      'infra/dev/fetch-within.ts',
      'infra/dev/installed.cjs',
      'infra/dev/json-file.ts',
      'infra/monitor/one-line.ts',
      'infra/app',
      'infra/errors',
      'infra/settings',
      'infra/catalog',
      'imports/settings.ts',
      'package.json',
      'tsconfig.json',
    ])
      cpSync(join(root, path), join(this.folder, path), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
    writeFileSync(join(this.folder, '.gitignore'), 'node_modules\n.local\n');
  }

  private installStandIn(): void {
    for (const folder of ['bin', 'tools']) mkdirSync(join(this.standIn, folder));
    cpSync(join(root, 'tests/support/meteor-stand-in.cjs'), join(this.standIn, 'bin/meteor'));
    symlinkSync(process.execPath, join(this.standIn, 'tools/node'));
    writeFileSync(join(this.standIn, 'tools/npm'), npmStandIn, { mode: 0o755 });
  }

  private settingsOf(role: string, runJobs: boolean): SettingsFile {
    const host = `${role}.example.com`;
    const { port } = this.galaxy.address() as AddressInfo;
    return {
      runJobs,
      deploy: { host, healthUrl: `http://127.0.0.1:${port}/${host}/healthz` },
      link: { secret: 'l'.repeat(40) },
      queue: { signingKey: 's'.repeat(40) },
      'galaxy.meteor.com': { env: { MONGO_URL: 'mongodb://db.example.com/app' } },
    };
  }

  private answer(url: string, response: import('node:http').ServerResponse): void {
    const file = join(this.standIn, 'running.json');
    const running = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>) : {};
    const commit = running[url.split('/')[1] ?? ''];
    response.writeHead(commit ? 200 : 503, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ commit }));
  }
}
