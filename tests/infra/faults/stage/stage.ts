import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Collection, MongoClient } from 'mongodb';
import { liveStates, type Task } from '../../../../infra/queue/model/task';
import { someMongod } from '../../../support/bare-machine';
import { eventually } from '../../../support/eventually';
import { isAlive, startProcess, type TestProcess } from '../../../support/processes';
import { root } from '../../../support/run';
import { check, type Evidence, type Verdict } from '../evidence/checker';
import { Ledger, type Line, readLedger, type Written } from '../evidence/ledger';
import { Witness } from '../evidence/witness';
import type { AdderProgram } from '../programs/adder';
import type { RoleProgram } from '../programs/role';
import { Random } from '../seeded-random';
import { whileItMoves } from './progress';
import { type CatalogName, suiteWorker } from './suite-worker';

/** A database that a scenario brings: where it is, and how it ends. */
export interface StageDatabase {
  readonly url: string;
  stop(): Promise<void>;
}

interface Started {
  mongoUrl?: string;
  catalog?: CatalogName;
  /** Loaded before the program: it shifts the clock, say. */
  preload?: string;
  env?: NodeJS.ProcessEnv;
}

export type RoleStart = Started & Partial<Pick<RoleProgram, 'dispatcher' | 'pool' | 'drainMs'>>;
export type AdderStart = Started & Partial<Omit<AdderProgram, 'ledger' | 'mongoUrl' | 'catalog'>>;

/** Short enough that a scenario sees leases end, long enough for a machine that is busy. */
const dispatcherSettings = { heartbeatMs: 1_000, leaseMs: 4_000, refreshRate: 500 };
const poolOptions = { maxWorkers: 2, keepAlive: 'always' as const, abortGraceMs: 500 };

/** What a scenario plays on: a database, a ledger, a witness, and processes that are all ended with it. */
export class Stage {
  readonly random: Random;
  readonly roles: TestProcess[] = [];
  readonly adders: TestProcess[] = [];
  readonly stoppedPids = new Set<number>();
  private readonly all: TestProcess[] = [];
  private readonly closing: (() => Promise<unknown>)[] = [];
  private readonly own: Ledger;
  private home: string | undefined;

  private constructor(
    readonly seed: number,
    readonly folder: string,
    readonly database: StageDatabase,
    readonly client: MongoClient,
    private readonly witness: Witness | undefined,
  ) {
    this.random = new Random(seed);
    this.own = new Ledger(this.ledgerFolder, 'stage');
  }

  static async open(seed: number, database: StageDatabase, { witnessed = true } = {}): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-faults-'));
    const client = new MongoClient(database.url, { serverSelectionTimeoutMS: 2_000, appName: 'stage' });
    const witness = witnessed ? await new Witness(database.url).start() : undefined;
    return new Stage(seed, folder, database, client, witness);
  }

  get ledgerFolder(): string {
    return join(this.folder, 'ledger');
  }

  /** The queue, in whichever database of the server the roles keep it. */
  async tasks(): Promise<Collection<Task>> {
    this.home ??= await this.findHome();
    return this.client.db(this.home).collection<Task>('taskQueue');
  }

  private async findHome(): Promise<string> {
    const { databases } = await this.client.db().admin().listDatabases({ nameOnly: true });
    for (const { name } of databases)
      if ((await this.client.db(name).listCollections({ name: 'taskQueue' }).toArray()).length > 0) return name;
    throw new Error('no database of the server has a taskQueue');
  }

  /** A jobs role; resolves when it is ready. */
  async startRole(start: RoleStart = {}): Promise<TestProcess> {
    const role = await this.launchRole(start);
    await role.says(/role is ready/, 60_000);
    return role;
  }

  /** A jobs role that may not come up now. */
  async launchRole({ dispatcher, pool, drainMs = 3_000, ...start }: RoleStart = {}): Promise<TestProcess> {
    const catalog = start.catalog ?? 'old';
    const program: RoleProgram = {
      ledger: this.ledgerFolder,
      workerFile: await suiteWorker(catalog),
      mongoUrl: start.mongoUrl ?? this.database.url,
      catalog,
      dispatcher: { ...dispatcherSettings, ...dispatcher },
      pool: { ...poolOptions, ...pool },
      drainMs,
    };
    const role = this.launch('role', program, start);
    this.roles.push(role);
    return role;
  }

  startAdder({ mongoUrl = this.database.url, catalog = 'old', preload, env, ...more }: AdderStart = {}): TestProcess {
    const defaults = { calls: 100, batch: 3, everyMs: 20, mix: 'mixed' as const, seed: this.random.below(2 ** 31) };
    const program: AdderProgram = { ledger: this.ledgerFolder, mongoUrl, catalog, ...defaults, ...more };
    const adder = this.launch('adder', program, { preload, env });
    this.adders.push(adder);
    return adder;
  }

  /** A process that was started otherwise, to be ended with the stage. */
  adopt(started: TestProcess): TestProcess {
    this.all.push(started);
    return started;
  }

  private launch(name: 'role' | 'adder', program: object, { preload, env }: Started): TestProcess {
    const file = join(root, 'tests/infra/faults/programs', `${name}.ts`);
    const args = [...(preload ? ['--require', preload] : []), '--require', 'tsx/cjs', file];
    const environment = { ...process.env, ...env, FAULTS_PROGRAM: JSON.stringify(program) };
    return this.adopt(startProcess(process.execPath, args, { cwd: root, env: environment }));
  }

  /** Says in the ledger what was done on purpose, or what somebody outside asked and was told. */
  write(line: Line): void {
    this.own.write(line);
  }

  note(what: string, target?: number): void {
    this.write({ kind: 'fault', what, ...(target !== undefined && { target }) });
  }

  /** To be called right before a mongod is killed. */
  noteKillOfDatabase(): void {
    this.write({ kind: 'database-killed' });
  }

  /** Whatever was opened is closed with the stage, the last first. */
  onClose(close: () => Promise<unknown>): void {
    this.closing.push(close);
  }

  lines(): Written[] {
    return readLedger(this.ledgerFolder);
  }

  /** The workers that are at work now, by the ledger: they have begun a task and not ended it. */
  busyWorkers(): number[] {
    const open = new Map<string, number>();
    for (const line of this.lines()) {
      if (line.kind === 'start') open.set(`${line.task} ${line.token}`, line.pid);
      if (line.kind === 'end') open.delete(`${line.task} ${line.token}`);
    }
    return [...new Set(open.values())].filter(isAlive);
  }

  /**
   * Resolves when the role has begun tasks that it has not ended, as a fault that hits nobody shows nothing; or when
   * nobody adds any more.
   */
  async untilBusy({ pid }: TestProcess): Promise<void> {
    const isAdding = () => this.adders.some(adder => isAlive(adder.pid));
    await whileItMoves(
      async () => this.begunBy(pid).length > 0 || !isAdding(),
      async () => this.lines().length,
    );
  }

  /** The claims that a role has begun and not ended, by the ledger. */
  begunBy(role: number): { task: string; token: string }[] {
    const open = new Map<string, { task: string; token: string }>();
    for (const line of this.lines()) {
      if (line.kind === 'start' && line.role === role) open.set(`${line.task} ${line.token}`, line);
      if (line.kind === 'end') open.delete(`${line.task} ${line.token}`);
    }
    return [...open.values()];
  }

  /** Tells a role to end by SIGTERM, and the ledger so. Resolves with how it ended. */
  tellToEnd(role: TestProcess): Promise<number | NodeJS.Signals> {
    this.write({ kind: 'told-to-end', role: role.pid });
    role.signal('SIGTERM');
    return role.ended;
  }

  /** Resolves when all adders have ended. @throws where one does not end, and no adder is answered any more. */
  async untilAdded(): Promise<void> {
    const ended = Promise.all(this.adders.map(one => one.ended)).then(() => true);
    const answers = async () => this.lines().filter(({ kind }) => kind === 'ack' || kind === 'refused').length;
    if (await whileItMoves(() => Promise.race([ended, wait(500, false)]), answers)) return;
    throw new Error('an adder does not end, and none is answered');
  }

  /** Resolves when nothing waits or runs any more, or no task ends: the checker says then what is left. */
  async untilSettled(): Promise<void> {
    const live = { state: { $in: [...liveStates] } };
    const left = async () => (await this.tasks()).countDocuments(live);
    // The database may still be coming back.
    const known = () => left().catch(() => -1);
    await whileItMoves(async () => (await known()) === 0, known);
  }

  /** Compares ledger, witness and database. */
  async verdict(more: Partial<Evidence> = {}): Promise<Verdict> {
    await this.witness?.catchUp();
    const tasks = await eventually(async () => (await this.tasks()).find().toArray());
    const { stoppedPids } = this;
    return check({ ledger: this.lines(), changes: this.witness?.changes ?? [], tasks, stoppedPids, ...more });
  }

  /** Ends every process and removes everything. Twice is fine. */
  async close({ keep = false } = {}): Promise<void> {
    for (const one of this.all) one.kill();
    await Promise.all(this.all.map(({ ended }) => ended));
    for (const close of this.closing.splice(0).reverse()) await close().catch(() => {});
    await this.witness?.stop();
    await this.client.close();
    await this.database.stop();
    if (!keep) await rm(this.folder, { recursive: true, force: true });
  }

  /** What the processes have printed, for a scenario that failed. */
  outputs(): string {
    return this.all.map(({ pid, output }) => `--- ${pid}\n${output}`).join('\n');
  }
}

/** A scenario's own mongod program: found once. */
let mongod: ReturnType<typeof someMongod> | undefined;
export function theMongod(): ReturnType<typeof someMongod> {
  mongod ??= someMongod();
  return mongod;
}
