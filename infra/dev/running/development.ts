import { join } from 'node:path';
import { Bundler } from '../bundling/bundler';
import { type DevelopmentDatabase, developmentDatabase, refuseSecond } from '../database/development-database';
import { hasCrashed } from '../database/lease';
import { becomesFree } from '../ports';
import { inspectorPortOf, type LocalRole, RoleSettings } from '../roles';
import { privateFolder } from '../root';
import { BuildState, Changes } from './changes';
import { hasKeys, keyHelp, listenToKeys, openInBrowser } from './keys';
import { Roles } from './roles';
import { TypeCheck } from './type-check';
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

/** How long the roles of a killed `npm start` may take to end. */
const crashedRolesMs = 5_000;

/** Something that was started; the stop ends these in reverse order. */
interface Started {
  stop(): Promise<void>;
  kill?(): void;
}

export interface DevelopmentOptions {
  /** Check the types beside the roles. */
  types: boolean;
  /** The port of the first inspector; unset: there is none. */
  inspect?: number;
  /** Handlers run in the jobs role. */
  inProcess: boolean;
  /** Whether it starts every role. */
  alone: boolean;
  /** How many jobs roles the checkout has, whoever starts them. */
  jobsRoles: number;
}

/** `npm start`: a database, the bundles, the roles, and a watch over the sources. */
export class Development {
  private readonly started: Started[] = [];
  private readonly local: string;
  private readonly settings: RoleSettings;
  private readonly bundler: Bundler;
  private readonly watcher: Watcher;
  private readonly stateFile?: string;
  private readonly page: BuildState;
  private roles!: Roles;
  private database!: DevelopmentDatabase;
  private starting: Promise<void> = Promise.resolve();
  private stopping?: Promise<void>;

  constructor(
    private readonly root: string,
    private readonly localRoles: LocalRole[],
    private readonly jobsPort: number,
    private readonly options: DevelopmentOptions,
  ) {
    this.local = join(root, '.local');
    this.settings = new RoleSettings(root, localRoles);
    // In a folder of its own: of two terminals one may have the handlers in its role, and the other not.
    const { inProcess } = options;
    this.bundler = new Bundler(join(this.local, inProcess ? 'build-in-process' : 'build'), { inProcess });
    if (localRoles.some(({ kind }) => kind === 'web')) this.stateFile = join(this.local, 'build', 'state.json');
    this.page = new BuildState(this.stateFile);
    this.watcher = new Watcher(root, [...sources, ...localRoles.map(({ settingsFile }) => settingsFile)]);
  }

  /** Resolves when the roles are ready. @throws one clear line; call `stop` then as well. */
  start(): Promise<void> {
    this.starting = this.steps().catch(error => {
      if (!this.stopping) throw error; // failures during the stop do not matter
    });
    return this.starting;
  }

  /** Drains the roles, then stops the database. Resolves when no process is left. Twice is fine. */
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
      () => this.watcher.remember(), // before anything is read: the first look finds the changes since
      () => this.settings.read(),
      () => this.checkOthers(),
      () => this.checkPorts(),
      () => this.startDatabase(),
      () => this.build(),
      () => this.startRoles(),
      () => this.startTypeCheck(),
      () => this.watch(),
      () => this.hearKeys(),
    ];
    for (const step of steps) if (!this.stopping) await step();
  }

  private async unwind(): Promise<void> {
    await this.stopStarted();
    await this.starting.catch(() => {}); // the caller of start has reported it
    await this.stopStarted(); // the leftovers of the last step of the start
  }

  private async stopStarted(): Promise<void> {
    for (const one of this.started.toReversed()) await one.stop();
  }

  private async checkOthers(): Promise<void> {
    if (this.options.alone) await refuseSecond(this.local);
  }

  private async checkPorts(): Promise<void> {
    const patienceMs = (await hasCrashed(this.local)) ? crashedRolesMs : 0;
    for (const { name, port } of this.localRoles) {
      if (await becomesFree(port, patienceMs)) continue;
      throw new Error(`Port ${port}, the ${name} role's, is in use. End what uses it, or start with --port <another>`);
    }
    for (const role of this.localRoles) {
      const port = this.inspectorOf(role);
      if (port === undefined || (await becomesFree(port, patienceMs))) continue;
      throw new Error(
        `Port ${port}, for the inspector of the ${role.name} role, is in use. End what uses it, or start with --inspect-port <another>`,
      );
    }
  }

  private inspectorOf(role: LocalRole): number | undefined {
    const { inspect } = this.options;
    return inspect === undefined ? undefined : inspectorPortOf(role, this.jobsPort, inspect);
  }

  private async startDatabase(): Promise<void> {
    this.database = await developmentDatabase(this.local, this.options);
    this.started.push(this.database);
    console.log(`Database: ${this.database.about}`);
  }

  private async build(): Promise<void> {
    this.started.push(this.bundler);
    await this.bundler.build();
    await this.page.tell();
  }

  private async startRoles(): Promise<void> {
    const { bundler, database, jobsPort, localRoles, settings } = this;
    const deps = {
      mongoUrl: database.url,
      clientFolder: bundler.clientFolder,
      privateFolder,
      publicFolder: join(this.root, 'public'),
      jobsPort,
      ...(this.stateFile && { buildState: this.stateFile }),
      inProcess: this.options.inProcess,
      inspectorOf: (role: LocalRole) => this.inspectorOf(role),
      severalJobsRoles: this.options.jobsRoles > 1,
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

  /** Of two terminals with one role each, the web role's checks. */
  private async startTypeCheck(): Promise<void> {
    if (!this.options.types || !this.localRoles.some(({ kind }) => kind === 'web')) return;
    const check = new TypeCheck(this.root);
    this.started.push(check);
    check.start();
  }

  private async watch(): Promise<void> {
    const changes = new Changes(this.bundler, this.settings, this.roles.all, this.page);
    this.started.push({
      stop: async () => {
        this.watcher.stop();
        changes.stop();
      },
    });
    this.watcher.start(paths => changes.apply(paths));
  }

  private async hearKeys(): Promise<void> {
    if (!hasKeys()) return;
    const page = `http://localhost:${this.localRoles[0]!.port}`;
    const giveBack = listenToKeys({
      restart: () => this.restart(),
      openPage: () => openInBrowser(page),
      openConsole: () => openInBrowser(`${page}/console`),
      quit: () => process.kill(process.pid, 'SIGINT'),
    });
    this.started.push({ stop: async () => giveBack(), kill: giveBack });
    console.log(keyHelp);
  }

  /** The same key again ends the wait for tasks. */
  private restart(): void {
    const draining = this.roles.all.filter(role => role.isDraining);
    for (const role of draining) role.handBackNow();
    if (draining.length === 0) for (const role of this.roles.all) void role.restart();
  }
}
