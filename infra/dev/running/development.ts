import { join } from 'node:path';
import { Bundler } from '../bundling/bundler';
import { privateFolder } from '../bundling/worker-file';
import { type DevelopmentDatabase, developmentDatabase, hasCrashed } from '../database/development-database';
import type { Flags, RoleName } from '../flags';
import { becomesFree } from '../ports';
import { Changes } from './changes';
import { label } from './log-lines';
import { roleEnvironment } from './role-environment';
import { RoleProcess } from './role-process';
import { RoleSettings } from './role-settings';
import { Watcher } from './watcher';

const sources = [
  'client',
  'server',
  'imports',
  'infra',
  'packages',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
];

/** How long the roles of an npm start that was killed may take to end. */
const crashedRolesMs = 5_000;

/** Something that was started and is to be ended, in reverse order. */
interface Started {
  stop(): Promise<void>;
  kill?(): void;
}

/** `npm start`: a database, the bundles, the roles, and a watch over the sources. */
export class Development {
  private readonly started: Started[] = [];
  private readonly local: string;
  private readonly settings: RoleSettings;
  private readonly bundler: Bundler;
  private readonly watcher: Watcher;
  private roles: RoleProcess[] = [];
  private database!: DevelopmentDatabase;
  private starting: Promise<void> = Promise.resolve();
  private stopping?: Promise<void>;

  constructor(
    private readonly flags: Flags,
    private readonly root: string,
  ) {
    this.local = join(root, '.local');
    this.settings = new RoleSettings(root, flags.roles);
    this.bundler = new Bundler(join(this.local, 'build'));
    this.watcher = new Watcher(root, [...sources, ...this.settings.files]);
  }

  /** Resolves when the roles are ready. @throws one clear line; `stop` is to be called then as well. */
  start(): Promise<void> {
    this.starting = this.steps().catch(error => {
      if (!this.stopping) throw error; // what fails because it is being ended is no news
    });
    return this.starting;
  }

  /** Drains the roles, then ends the database. Resolves when no process is left. Twice is fine. */
  stop(): Promise<void> {
    this.stopping ??= this.unwind();
    return this.stopping;
  }

  /** Ends every process at once. */
  kill(): void {
    for (const { kill } of this.started.toReversed()) kill?.();
  }

  private async steps(): Promise<void> {
    const steps = [
      this.rememberSources,
      this.readSettings,
      this.checkPorts,
      this.startDatabase,
      this.build,
      this.startRoles,
      this.watch,
    ];
    for (const step of steps) if (!this.stopping) await step.call(this);
  }

  private async unwind(): Promise<void> {
    await this.stopStarted();
    await this.starting.catch(() => {}); // who called start has said it
    await this.stopStarted(); // what the last step of the start has left
  }

  private async stopStarted(): Promise<void> {
    for (const { stop } of this.started.toReversed()) await stop();
  }

  /** Before anything is read: what changes meanwhile is found by the first look of the watch. */
  private rememberSources(): Promise<void> {
    return this.watcher.remember();
  }

  private readSettings(): Promise<void> {
    return this.settings.read();
  }

  private async checkPorts(): Promise<void> {
    const patienceMs = (await hasCrashed(this.local)) ? crashedRolesMs : 0;
    for (const role of this.flags.roles) {
      const port = this.flags.ports[role];
      if (await becomesFree(port, patienceMs)) continue;
      throw new Error(`Port ${port}, the ${role} role's, is in use. End what uses it, or start with --port <another>`);
    }
  }

  private async startDatabase(): Promise<void> {
    this.database = await developmentDatabase(this.local);
    this.started.push({ stop: () => this.database.stop(), kill: () => this.database.kill() });
    console.log(`Database: ${this.database.about}`);
  }

  private async build(): Promise<void> {
    this.started.push({ stop: () => this.bundler.stop() });
    await this.bundler.build();
  }

  private async startRoles(): Promise<void> {
    this.roles = this.flags.roles.map(name => this.roleProcess(name));
    this.started.push({
      stop: async () => void (await Promise.all(this.roles.map(role => role.stop()))),
      kill: () => this.roles.forEach(role => void role.kill()),
    });
    await Promise.all(this.roles.map(role => role.start()));
    console.log(this.whereItIs());
  }

  private roleProcess(name: RoleName): RoleProcess {
    const surroundings = {
      mongoUrl: this.database.url,
      clientFolder: this.bundler.clientFolder,
      privateFolder,
      publicFolder: join(this.root, 'public'),
      ports: this.flags.ports,
    };
    return new RoleProcess({
      name,
      script: this.bundler.serverFile,
      port: this.flags.ports[name],
      env: () => roleEnvironment(name, this.settings.of(name), surroundings),
      onDeath: how => console.log(`${label(name)} has died (${how}). It starts again when a file changes`),
    });
  }

  private whereItIs(): string {
    const { roles, ports } = this.flags;
    const places = roles.map(role => `${role} role at http://localhost:${ports[role]}`);
    const page = roles.includes('web') ? `Tandem is ready: open http://localhost:${ports.web}` : 'Tandem is ready';
    return `${page} (${places.join(', ')}). Ctrl-C ends it`;
  }

  private async watch(): Promise<void> {
    const changes = new Changes(this.bundler, this.settings, this.roles);
    this.started.push({
      stop: async () => {
        this.watcher.stop();
        changes.stop();
      },
    });
    this.watcher.start(paths => changes.apply(paths));
  }
}
