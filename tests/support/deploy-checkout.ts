import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './run';

export interface Finished {
  code: number | null;
  output: string;
}

type SettingsFile = Record<string, unknown> & { deploy: Record<string, unknown> };

/** A small git checkout with our deploy.sh, a stand-in `meteor` on its PATH, and a Galaxy that answers /healthz. */
export class DeployCheckout {
  readonly folder = mkdtempSync(join(tmpdir(), 'tandem-deploy-'));
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

  deploy(args: string[] = [], environment: NodeJS.ProcessEnv = {}): Promise<Finished> {
    const child = spawn('./deploy.sh', args, { cwd: this.folder, env: this.environment(environment) });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', data => (output += data));
    return new Promise(resolve => child.on('close', code => resolve({ code, output })));
  }

  git(...args: string[]): string {
    const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com'];
    return execFileSync('git', [...identity, ...args], { cwd: this.folder })
      .toString()
      .trim();
  }

  private environment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    return {
      ...process.env,
      PATH: `${this.standIn}/bin:${process.env.PATH}`,
      METEOR_STAND_IN_FOLDER: this.standIn,
      DEPLOY_HEALTH_TIMEOUT_SECONDS: '1',
      ...more,
    };
  }

  private copySources(): void {
    for (const path of ['deploy.sh', 'infra/dev/deploy', 'infra/settings', 'infra/catalog', 'tsconfig.json'])
      cpSync(join(root, path), join(this.folder, path), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'));
    writeFileSync(join(this.folder, '.gitignore'), 'node_modules\n.local\n');
    const check = 'process.exit(process.env.CHECKS_FAIL ? 1 : 0)';
    writeFileSync(
      join(this.folder, 'package.json'),
      JSON.stringify({ name: 'app', scripts: { 'check:meteor': `node -e "${check}"`, 'build:worker': 'node -e 0' } }),
    );
  }

  private installStandIn(): void {
    mkdirSync(join(this.standIn, 'bin'));
    cpSync(join(root, 'tests/support/meteor-stand-in.cjs'), join(this.standIn, 'bin/meteor'));
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
