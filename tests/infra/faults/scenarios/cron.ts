import { setTimeout as wait } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import type { HistoryRecord } from '../../../../packages/synced-cron/store/history';
import { eventually } from '../../../support/eventually';
import { isAlive, type TestProcess } from '../../../support/processes';
import type { Outcome, Play, Scenario } from '../scenario';
import { Random } from '../seeded-random';
import { CronApp } from '../stage/cron-app';
import { MongoServer, untilWritable } from '../stage/mongo-server';
import { theMongod } from '../stage/stage';

const entries = 5;
const everyMs = 2_000;

/** A time in which the database was away, with a period before it: what was due then may not have been claimed yet. */
interface Away {
  from: number;
  until: number;
}

/** Several processes with the same schedules. */
class CronStage {
  readonly processes: TestProcess[] = [];
  readonly random: Random;

  constructor(
    readonly mongo: MongoServer,
    readonly client: MongoClient,
    private readonly app: CronApp,
    seed: number,
  ) {
    this.random = new Random(seed);
  }

  static async open(play: Play): Promise<CronStage> {
    const app = await CronApp.build();
    play.onClose(() => app.remove());
    const mongo = await MongoServer.start(await theMongod());
    play.onClose(() => mongo.stop());
    const client = new MongoClient(mongo.url, { serverSelectionTimeoutMS: 2_000 });
    play.onClose(() => client.close());
    const stage = new CronStage(mongo, client, app, play.seed);
    play.onClose(() => stage.end());
    play.evidence(() => stage.processes.map(({ pid, output }) => `--- ${pid}\n${output}`).join('\n'));
    return stage;
  }

  async start(): Promise<TestProcess> {
    const started = this.app.start(this.mongo.url, { CRON_ENTRIES: String(entries), CRON_EVERY: 'every 2 seconds' });
    this.processes.push(started);
    await started.says(/cron is started/, 60_000);
    return started;
  }

  async end(): Promise<void> {
    for (const one of this.processes) one.kill();
    await Promise.all(this.processes.map(({ ended }) => ended));
  }

  /** The history from `since` to `until`, both times of occurrences. */
  async history(since: number, until: number): Promise<HistoryRecord[]> {
    const due = { intendedAt: { $gte: new Date(since), $lte: new Date(until) } };
    return this.client.db().collection<HistoryRecord>('cronHistory').find(due).toArray();
  }

  /** Resolves when occurrences later than `time` have run to their ends. */
  async untilRunAfter(time: number): Promise<void> {
    const later = { intendedAt: { $gt: new Date(time) }, finishedAt: { $exists: true } };
    const count = () => this.client.db().collection('cronHistory').countDocuments(later);
    await eventually(async () => (await count()) >= entries, { timeoutMs: 60_000, everyMs: 200 });
  }

  /** No occurrence is in the history twice, and none was begun more often than its record says. */
  async doubles(records: HistoryRecord[]): Promise<string[]> {
    const begun = await this.client.db().collection('cronBegun').find().toArray();
    const starts = new Map<string, number>();
    for (const one of begun) starts.set(nameOf(one as never), (starts.get(nameOf(one as never)) ?? 0) + 1);
    const seen = new Set<string>();
    return records.flatMap(record => {
      const name = nameOf(record);
      const twice = seen.has(name);
      seen.add(name);
      if (twice) return [`${name}: two records`];
      const times = starts.get(name) ?? 0;
      return times > (record.attempts ?? 1)
        ? [`${name}: begun ${times} times, its record says ${record.attempts ?? 1}`]
        : [];
    });
  }
}

const nameOf = ({ name, intendedAt }: Pick<HistoryRecord, 'name' | 'intendedAt'>) =>
  `${name} at ${intendedAt.toISOString()}`;

export const cronKills: Scenario = {
  name: 'cron-kills',
  about:
    'processes with the same schedules are killed: each occurrence is recorded once, none is missing or unfinished',
  limitMs: 240_000,
  async play(play) {
    const stage = await CronStage.open(play);
    await Promise.all([stage.start(), stage.start(), stage.start()]);
    const since = await begunFor(stage);
    const kills = play.size === 'small' ? 2 : 10;
    for (let kill = 0; kill < kills; kill++) {
      await wait(stage.random.between(500, 3_000));
      stage.random.of(stage.processes.filter(({ pid }) => isAlive(pid))).signal('SIGKILL');
      await stage.start();
    }
    const until = Math.floor(Date.now() / everyMs) * everyMs - everyMs;
    await stage.untilRunAfter(until);
    const isDone = async () => (await stage.history(since, until)).every(({ finishedAt }) => finishedAt);
    await eventually(isDone, { timeoutMs: 30_000, everyMs: 200 }).catch(() => {});
    return conclude(stage, since, until, `${kills} kills`);
  },
};

export const cronWithoutDatabase: Scenario = {
  name: 'cron-without-database',
  about: 'mongod is dead for a while: what is due before and after is recorded once, and schedules go on soon',
  limitMs: 240_000,
  async play(play) {
    const stage = await CronStage.open(play);
    await Promise.all([stage.start(), stage.start()]);
    const since = await begunFor(stage);
    const rounds = play.size === 'small' ? 1 : 3;
    const away: Away[] = [];
    const recoveries: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await wait(stage.random.between(1_000, 3_000));
      const from = Date.now() - everyMs;
      await stage.mongo.kill();
      await wait(stage.random.between(2_000, 7_000));
      await stage.mongo.restart();
      await untilWritable(stage.mongo.url);
      const back = Date.now();
      await stage.untilRunAfter(back);
      away.push({ from, until: Date.now() });
      recoveries.push(Date.now() - back);
    }
    const until = Math.floor(Date.now() / everyMs) * everyMs - everyMs;
    const isDone = async () => (await stage.history(since, until)).every(({ finishedAt }) => finishedAt);
    await eventually(isDone, { timeoutMs: 30_000, everyMs: 200 }).catch(() => {});
    const dead = stage.processes.filter(({ pid }) => !isAlive(pid)).map(({ pid }) => `process ${pid} has ended`);
    const slowest = Math.max(...recoveries);
    const words = `${rounds} times without a database, ${slowest} ms until schedules went on`;
    const slow = slowest > longestRecoveryMs ? [`schedules went on ${slowest} ms after the database was back`] : [];
    const outcome = await conclude(stage, since, until, words, away);
    return { ...outcome, problems: [...outcome.problems, ...dead, ...slow] };
  },
};

/** A process notices within seconds that the database is back; a busy machine needs some more. */
const longestRecoveryMs = 20_000;

/** The first occurrence at which all entries have run. */
async function begunFor(stage: CronStage): Promise<number> {
  const since = Math.ceil(Date.now() / everyMs) * everyMs + everyMs;
  await stage.untilRunAfter(since - 1);
  return since;
}

/** Each occurrence is recorded once, has an end, and has not failed: where the database was away, it may be missing. */
async function conclude(
  stage: CronStage,
  since: number,
  until: number,
  words: string,
  away: readonly Away[] = [],
): Promise<Outcome> {
  const wasAway = (time: number) => away.some(({ from, until: back }) => time >= from && time <= back);
  const records = await stage.history(since, until);
  const due = occurrences(since, until);
  const known = new Set(records.map(nameOf));
  const missing = due.filter(one => !wasAway(one.intendedAt.getTime()) && !known.has(nameOf(one)));
  const unfinished = records.filter(({ finishedAt }) => !finishedAt);
  const failed = records.filter(({ error, intendedAt }) => error && !wasAway(intendedAt.getTime()));
  const problems = [
    ...missing.map(one => `${nameOf(one)}: is missing`),
    ...unfinished.map(one => `${nameOf(one)}: has no end`),
    ...failed.map(one => `${nameOf(one)}: failed: ${one.error}`),
    ...(await stage.doubles(records)),
  ];
  return { problems, figures: `${records.length} of ${due.length} occurrences, ${words}` };
}

function occurrences(since: number, until: number): Pick<HistoryRecord, 'name' | 'intendedAt'>[] {
  const times = Array.from({ length: Math.floor((until - since) / everyMs) + 1 }, (_, nth) => since + nth * everyMs);
  const names = Array.from({ length: entries }, (_, nth) => `entry ${nth}`);
  return times.flatMap(time => names.map(name => ({ name, intendedAt: new Date(time) })));
}
