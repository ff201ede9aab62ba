import type { Db } from 'mongodb';
import { eventually } from '../../tests/support/eventually';
import { burstFlag } from './app/handlers';
import {
  type Growth,
  type Incident,
  type IncidentKind,
  type Profile,
  percentilesOf,
  round,
  type SetUpFigures,
  type SetUpKey,
  type TaskKind,
  type Trace,
} from './figures';
import { Audience, longestSilence } from './load';
import { leaseMs, type RunningSetUp, startSetUp, type Wanted } from './set-ups';
import { addBy, askBy, isAnyLive, readTasks, type SeenTask, stream } from './tasks';
import { type Call, now, Visitor } from './visitor';

/** What a run is to do. */
export type Plan = Pick<
  Profile,
  | 'visitors'
  | 'loadSeconds'
  | 'workers'
  | 'heapMb'
  | 'burst'
  | 'stream'
  | 'roundsPerMs'
  | 'growthTasks'
  | 'leak'
  | 'bystanders'
  | 'incidentSeconds'
>;

/** Gives a fresh database to `use`, and drops it. */
export type WithDatabase = <T>(use: (mongoUrl: string, db: Db) => Promise<T>) => Promise<T>;

const settleMs = 30_000;
const beforeIncidentMs = 1_000;
const afterIncidentMs = 500;
const bystanderPatienceMs = leaseMs + 10_000;
const killAfterMs = 400;

/** One set-up from its start to its incidents. */
export class SetUpRun {
  private constructor(
    private readonly setUp: SetUpKey,
    private readonly plan: Plan,
    private readonly db: Db,
    private readonly running: RunningSetUp,
    private readonly audience: Audience,
    /** Asks for tasks, on a line of its own. */
    private readonly asking: Visitor,
  ) {}

  static async with<T>(wanted: Wanted, plan: Plan, db: Db, use: (run: SetUpRun) => Promise<T>): Promise<T> {
    const running = await startSetUp(wanted);
    const opened: { close(): void }[] = [];
    try {
      const audience = await openAudience(running, plan, db);
      opened.push(audience);
      const asking = await Visitor.open({ url: running.webUrl, publications: [] });
      opened.push(asking);
      return await use(new SetUpRun(wanted.setUp, plan, db, running, audience, asking));
    } catch (error) {
      throw new Error(`${wanted.setUp}: its processes said:\n${running.parts.output}`, { cause: error });
    } finally {
      for (const one of opened) one.close();
      await running.parts.stop();
    }
  }

  /** The first calls and tasks compile what they run. */
  async warmUp(): Promise<void> {
    const from = now();
    await this.askUntilTaken(20, 10);
    await this.audience.measure(Math.min(3_000, 100 * this.plan.loadSeconds));
    await this.untilDone(from, 10, settleMs);
  }

  async figures(): Promise<SetUpFigures> {
    await this.warmUp();
    const loadMs = this.plan.loadSeconds * 1_000;
    const quiet = await this.audience.measure(loadMs / 4);
    const from = now();
    await this.db.collection<{ _id: string }>(burstFlag).insertOne({ _id: 'now' });
    const load = await this.audience.measure(loadMs, stream(this.ask, this.plan.stream, loadMs));
    await this.db.collection(burstFlag).deleteMany({});
    const until = from + loadMs;
    const shown = this.audience.visitors.slice(0, shownVisitors).map(({ calls }) => [...calls]);
    const tasks = await this.settled(from, until);
    return {
      starts: this.running.starts,
      quiet: quiet.measured,
      load: load.measured,
      tasks: kindsOf(tasks),
      trace: traceOf(tasks, shown),
      incidents: {
        crash: await this.incident('crash', () => addBy(this.asking, [{ taskType: 'crash', data: {} }])),
        leak: await this.incident('leak', () => addBy(this.asking, this.leaks())),
        kill: await this.incident('kill', () => this.kill()),
      } satisfies Record<IncidentKind, Incident>,
    };
  }

  async growth(workers: number, jobsRoles: number): Promise<Growth> {
    const { growthTasks } = this.plan;
    await this.warmUp();
    const from = now();
    const work = async () => {
      await this.ask(20, growthTasks);
      await this.untilDone(from, growthTasks, 120_000);
    };
    const { measured } = await this.audience.measure(1_000, work());
    const ends = (await readTasks(this.db, this.setUp, from)).map(({ ran }) => ran?.to ?? 0);
    const sum = (figure: 'megabytes' | 'processes') => measured.parts.reduce((all, part) => all + part[figure], 0);
    return {
      setUp: this.setUp,
      workers,
      jobsRoles,
      tasksPerSecond: round((1_000 * growthTasks) / (Math.max(...ends) - from), 1),
      latency: measured.latency,
      megabytes: sum('megabytes'),
      processes: sum('processes'),
    };
  }

  private readonly ask = (ms: number, count = 1) => askBy(this.asking, this.plan.roundsPerMs)(ms, count);

  /** A database that is late may have taken them already: then there are more. */
  private async askUntilTaken(ms: number, count: number): Promise<void> {
    await eventually(() => this.ask(ms, count).then(() => true));
  }

  private leaks() {
    const { tasks, megabytes } = this.plan.leak;
    return Array.from({ length: tasks }, () => ({ taskType: 'leak' as const, data: { megabytes } }));
  }

  /** The process in which tasks are held and run, all of them where there is only one. */
  private async kill(): Promise<void> {
    await new Promise(resolve => setTimeout(resolve, killAfterMs));
    this.running.parts.kill({ monolith: 'app', pool: 'app', roles: 'jobs', plain: 'worker' }[this.setUp]);
  }

  private async incident(kind: IncidentKind, happen: () => Promise<unknown>): Promise<Incident> {
    await eventually(() => this.asking.isConnected);
    const { parts } = this.running;
    const { bystanders, incidentSeconds } = this.plan;
    const before = { cutOff: this.audience.cutOff, restarts: parts.restarts().length };
    let from = 0;
    let endedAfter = 0;
    const happening = async () => {
      await new Promise(resolve => setTimeout(resolve, beforeIncidentMs));
      from = now();
      await this.askUntilTaken(bystanders.ms, bystanders.count);
      await happen().catch(() => {}); // its line may break by it
      await this.untilOver(kind, before.restarts);
      const ended = await this.untilDone(from, bystanders.count, bystanderPatienceMs).catch(() => false);
      if (ended) endedAfter = round(now() - from);
      await this.audience.allConnected();
      await new Promise(resolve => setTimeout(resolve, afterIncidentMs));
    };
    const { measured, calls } = await this.audience.measure(incidentSeconds * 1_000, happening());
    const others = (await readTasks(this.db, this.setUp, from)).filter(({ ms }) => ms === bystanders.ms);
    return {
      silenceMs: longestSilence(calls, from, now()),
      lost: measured.lost,
      cutOff: this.audience.cutOff - before.cutOff,
      latency: measured.latency,
      restarts: parts.restarts().slice(before.restarts),
      bystanders: bystanders.count,
      bystandersDone: Math.min(bystanders.count, others.filter(({ state }) => state === 'done').length),
      bystandersMs: endedAfter,
      megabytes: measured.parts.reduce((sum, { megabytes }) => sum + megabytes, 0),
    };
  }

  /** A part has ended by it, or the tasks that did it have, and with them the worker. */
  private async untilOver(kind: IncidentKind, restartsBefore: number): Promise<void> {
    const ended = async () => {
      if (this.running.parts.restarts().length > restartsBefore) return true;
      return kind !== 'kill' && !(await isAnyLive(this.db, this.setUp, kind));
    };
    await eventually(ended, { timeoutMs: bystanderPatienceMs, everyMs: 50 });
  }

  private async settled(from: number, until: number): Promise<SeenTask[]> {
    const read = () => readTasks(this.db, this.setUp, from, until);
    await eventually(async () => (await read()).every(({ state }) => state === 'done'), {
      timeoutMs: settleMs,
      everyMs: 200,
    }).catch(() => {}); // what is not done is a figure
    return read();
  }

  private async untilDone(from: number, count: number, timeoutMs: number): Promise<boolean> {
    const done = async () => {
      const tasks = await readTasks(this.db, this.setUp, from);
      return tasks.filter(({ state }) => state === 'done').length >= count;
    };
    return eventually(done, { timeoutMs, everyMs: 100 });
  }
}

function openAudience({ webUrl, parts }: RunningSetUp, { visitors }: Plan, db: Db): Promise<Audience> {
  const ticks = db.collection<{ _id: string; n: number }>('profileTicks');
  return Audience.open(
    {
      url: webUrl,
      parts,
      readMethod: 'profile.read',
      publications: ['profile.ticks'],
      tick: async n => void (await ticks.updateOne({ _id: 'tick' }, { $set: { n } }, { upsert: true })),
      loop: visitor => visitor.call('profile.loop'),
    },
    visitors,
  );
}

function kindsOf(tasks: readonly SeenTask[]): TaskKind[] {
  const lengths = [...new Set(tasks.map(({ ms }) => ms))].sort((a, b) => a - b);
  return lengths.map(ms => {
    const all = tasks.filter(task => task.ms === ms);
    const delays = all.flatMap(({ askedAt, ran }) => (ran ? [ran.to - askedAt] : []));
    return {
      ms,
      added: all.length,
      done: all.filter(({ state }) => state === 'done').length,
      delay: percentilesOf(delays),
    };
  });
}

const windowSeconds = 4;
const beforeMs = 500;
const shownVisitors = 12;

/** What happened around the first of the longest tasks. */
function traceOf(tasks: readonly SeenTask[], callsByVisitor: readonly (readonly Call[])[]): Trace {
  const ran = tasks.flatMap(({ ran, ms }) => (ran ? [{ ...ran, ms }] : []));
  const longest = Math.max(0, ...ran.map(({ ms }) => ms));
  const start = Math.min(...ran.filter(({ ms }) => ms === longest).map(({ from }) => from)) - beforeMs;
  const end = start + windowSeconds * 1_000;
  const processes = [...new Set(ran.map(({ pid }) => pid))];
  const at = (time: number) => round(time - start);
  return {
    seconds: windowSeconds,
    tasks: ran
      .filter(({ from, to }) => to > start && from < end)
      .map(({ from, to, ms, pid }) => ({ from: at(from), to: at(to), ms, process: processes.indexOf(pid) })),
    calls: callsByVisitor.flatMap((calls, visitor) =>
      calls
        .filter(({ sent }) => sent > start && sent < end)
        .flatMap(({ sent, ran: ranAt, answered }): Trace['calls'] =>
          answered === undefined ? [] : [[visitor, at(sent), at(ranAt ?? answered), at(answered)]],
        ),
    ),
  };
}
