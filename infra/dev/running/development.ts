import { join } from 'node:path';
import { Bundler } from '../bundling/bundler';
import { type DevelopmentDatabase, developmentDatabase } from '../database/development-database';
import { hasCrashed } from '../database/lease';
import { becomesFree } from '../ports';
import { type LocalRole, RoleSettings } from '../roles';
import { privateFolder } from '../root';
import { Changes } from './changes';
import { Roles } from './roles';
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
  private roles!: Roles;
  private database!: DevelopmentDatabase;
  private starting: Promise<void> = Promise.resolve();
  private stopping?: Promise<void>;

  constructor(
    private readonly root: string,
    private readonly localRoles: LocalRole[],
    private readonly jobsPort: number,
  ) {
    this.local = join(root, '.local');
    this.settings = new RoleSettings(root, localRoles);
    this.bundler = new Bundler(join(this.local, 'build'));
    this.watcher = new Watcher(root, [...sources, ...localRoles.map(({ settingsFile }) => settingsFile)]);
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
    for (const one of this.started.toReversed()) one.kill?.();
  }

  private async steps(): Promise<void> {
    const steps = [
      () => this.watcher.remember(), // before anything is read: what changes meanwhile is found by its first look
      () => this.settings.read(),
      () => this.checkPorts(),
      () => this.startDatabase(),
      () => this.build(),
      () => this.startRoles(),
      () => this.watch(),
    ];
    for (const step of steps) if (!this.stopping) await step();
  }

  private async unwind(): Promise<void> {
    await this.stopStarted();
    await this.starting.catch(() => {}); // who called start has said it
    await this.stopStarted(); // what the last step of the start has left
  }

  private async stopStarted(): Promise<void> {
    for (const one of this.started.toReversed()) await one.stop();
  }

  private async checkPorts(): Promise<void> {
    const patienceMs = (await hasCrashed(this.local)) ? crashedRolesMs : 0;
    for (const { name, port } of this.localRoles) {
      if (await becomesFree(port, patienceMs)) continue;
      throw new Error(`Port ${port}, the ${name} role's, is in use. End what uses it, or start with --port <another>`);
    }
  }

  private async startDatabase(): Promise<void> {
    this.database = await developmentDatabase(this.local);
    this.started.push(this.database);
    console.log(`Database: ${this.database.about}`);
  }

  private async build(): Promise<void> {
    this.started.push(this.bundler);
    await this.bundler.build();
  }

  private async startRoles(): Promise<void> {
    const { bundler, database, jobsPort, localRoles, settings } = this;
    const deps = {
      mongoUrl: database.url,
      clientFolder: bundler.clientFolder,
      privateFolder,
      publicFolder: join(this.root, 'public'),
      jobsPort,
    };
    this.roles = new Roles({
      script: bundler.serverFile,
      roles: localRoles,
      settings,
      deps,
      scratchFolder: join(this.local, 'tmp'),
    });
    this.started.push(this.roles);
    await this.roles.start();
    console.log(this.roles.whereTheyAre());
  }

  private async watch(): Promise<void> {
    const changes = new Changes(this.bundler, this.settings, this.roles.all);
    this.started.push({
      stop: async () => {
        this.watcher.stop();
        changes.stop();
      },
    });
    this.watcher.start(paths => changes.apply(paths));
  }
}
