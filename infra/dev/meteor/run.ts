import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildWorker } from '../bundling/build-worker';
import { answers } from '../database/ping';
import { readFlags } from '../flags';
import { linkedTo } from '../json-file';
import { onPath } from '../on-path';
import { isFree } from '../ports';
import { jobsPortOf, type LocalRole, localRolesOf, onlyRole, readRoleSettings } from '../roles';
import { root } from '../root';
import { endWhenAsked } from '../running/end-when-asked';
import { Watcher } from '../running/watcher';
import { MeteorProcess } from './meteor-process';

const help = `npm run meteor [-- flags]   runs every role under the Meteor tool, on one database

  --role web|jobs      only this one (npm run meteor:web, meteor:jobs)
  --port 3000          where the page is; Meteor's MongoDB is 1 above, the jobs role 100 above
  --help               this page

Each settings-jobs-<name>.json is a further jobs role, jobs-<name>, one port above the one before.
MONGO_URL names a database of your own; without it all roles use the one that the web role's Meteor starts.`;

async function start(): Promise<void> {
  const flags = readFlags(process.argv.slice(2), help);
  if (flags.help) return console.log(help);
  const { role, port } = flags;
  const roles = onlyRole(await localRolesOf(root, port), role);
  const meteor = new MeteorRun(root, roles, { web: port, jobs: jobsPortOf(port) });
  endWhenAsked(meteor);
  const how = await meteor.run().finally(() => meteor.stop());
  throw new Error(`${how}: its last lines say why`);
}

const sourcesOfTheWorker = ['imports', 'infra', 'package-lock.json', 'tsconfig.json'];
const askEveryMs = 250;

/** `npm run meteor`: every role under the Meteor tool, on one database. */
class MeteorRun {
  private readonly processes: MeteorProcess[] = [];
  private watcher?: Watcher;
  private stopping?: Promise<void>;

  constructor(
    private readonly root: string,
    private readonly roles: LocalRole[],
    private readonly ports: { web: number; jobs: number },
  ) {}

  /** Resolves with a description when a role has ended by itself. @throws one clear line; call `stop` in each case. */
  async run(): Promise<string> {
    const tool = meteorTool();
    await this.checkPorts();
    const processes = await Promise.all(this.roles.map(role => this.processOf(role, tool)));
    await buildWorker();
    const ends: Promise<string>[] = [];
    for (const [index, process] of processes.entries()) {
      const isJobs = this.roles[index]?.kind === 'jobs';
      const ended = isJobs ? await Promise.race([this.awaitDatabase(), ...ends]) : undefined;
      if (ended || this.stopping) return ended ?? 'ended';
      this.processes.push(process);
      ends.push(process.run());
    }
    if (this.includes('jobs')) await Promise.race([this.watchWorker(), ...ends]);
    return Promise.race(ends);
  }

  /** The jobs roles first: the web role's Meteor owns the database. Twice is fine. */
  stop(): Promise<void> {
    this.stopping ??= this.unwind();
    return this.stopping;
  }

  kill(): void {
    for (const process of this.processes) process.kill();
  }

  private async unwind(): Promise<void> {
    this.watcher?.stop();
    for (const process of this.processes.toReversed()) await process.stop();
  }

  private async checkPorts(): Promise<void> {
    for (const { name, port } of this.roles) {
      if (!(await isFree(port)))
        throw new Error(`Port ${port}, the ${name} role's, is in use. End what uses it, or add: -- --port <another>`);
    }
  }

  private async processOf(role: LocalRole, tool: string): Promise<MeteorProcess> {
    return new MeteorProcess({
      role,
      tool,
      args: ['run', '--settings', await this.settingsFile(role), '--port', String(role.port)],
      cwd: this.root,
      env: this.environmentOf(role),
    });
  }

  private includes(kind: LocalRole['kind']): boolean {
    return this.roles.some(role => role.kind === kind);
  }

  /** The settings file itself, so that Meteor sees its changes; at other ports a copy with another link. */
  private async settingsFile(role: LocalRole): Promise<string> {
    const { settingsFile } = role;
    const settings = await readRoleSettings(this.root, role);
    const linked = linkedTo(settings, this.ports.jobs);
    if (JSON.stringify(linked) === JSON.stringify(settings)) return settingsFile;
    const copy = join('.local', `meteor-${settingsFile}`);
    await mkdir(join(this.root, '.local'), { recursive: true });
    await writeFile(join(this.root, copy), JSON.stringify(linked, null, 2));
    return copy;
  }

  /** Each role compiles in its own folder. The web role has Meteor's usual one, which also has the data. */
  private environmentOf({ name, kind, port }: LocalRole): NodeJS.ProcessEnv {
    const local = kind === 'web' ? '.meteor/local' : `.meteor/local-${name}`;
    // Where Rspack's development server listens, if the app has it: two roles would have the same port.
    const env = { ...process.env, METEOR_LOCAL_DIR: local, RSPACK_DEVSERVER_PORT: String(port + 50) };
    if (kind === 'web' || process.env.MONGO_URL) return env;
    return { ...env, MONGO_URL: this.databaseOfWeb() };
  }

  /** The MongoDB of the web role's Meteor: a replica set, one port above the page. */
  private databaseOfWeb(): string {
    return `mongodb://127.0.0.1:${this.ports.web + 1}/meteor`;
  }

  private async awaitDatabase(): Promise<undefined> {
    if (process.env.MONGO_URL) return void (await answers(process.env.MONGO_URL));
    const url = this.databaseOfWeb();
    if (!this.includes('web')) console.log(`Waiting for the database of npm run meteor:web (${url})`);
    while (!this.stopping && !(await isThere(url))) await new Promise(resolve => setTimeout(resolve, askEveryMs));
  }

  /** Meteor restarts on a change of sources, and again when their worker file is built. */
  private async watchWorker(): Promise<void> {
    const rebuild = () =>
      buildWorker().then(
        ({ changed }) => void (changed && console.log('The worker file is built anew')),
        error => console.error(`The worker file does not build: ${error.message}`),
      );
    this.watcher = new Watcher(this.root, sourcesOfTheWorker);
    await this.watcher.remember();
    if (!this.stopping) this.watcher.start(rebuild);
  }
}

function isThere(url: string): Promise<boolean> {
  return answers(url, 1_000).then(
    () => true,
    () => false,
  );
}

/**
 * The Meteor tool of this machine.
 *
 * @throws one line that says how to get it, and what to do without it.
 */
function meteorTool(environment: NodeJS.ProcessEnv = process.env): string {
  const found = onPath(['meteor'], environment);
  if (found) return found;
  throw new Error('meteor is not installed here: npx meteor@latest (or go on without it: npm start)');
}

start().catch(error => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
