import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { cpus, release, type as system, totalmem } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { findMongo } from '../../infra/dev/database/mongo-sources';
import { startReplicaSet } from '../../infra/dev/database/replica-set';
import { root } from '../../infra/dev/root';
import { compute, roundsPerMs } from './app/compute';
import { LoopDelay } from './app/loop-delay';
import {
  type Growth,
  type Profile,
  percentilesOf,
  round,
  type SetUpFigures,
  type SetUpKey,
  setUpKeys,
} from './figures';
import { callEveryMs } from './load';
import { measurePair } from './pair';
import { type Plan, SetUpRun, type WithDatabase } from './profile-set-up';
import { build, leaseMs, workerStartMs } from './set-ups';

/** What is measured: how long, and with how many visitors. */
export interface Size {
  seconds: number;
  visitors: number;
}

/** The task of 20 ms again and again, one of 200 ms now and then, one of 2,000 ms rarely: together half a core. */
const taskStream = [
  { ms: 20, everyMs: 200 },
  { ms: 200, everyMs: 2_000 },
  { ms: 2_000, everyMs: 6_000 },
];

export function planOf({ seconds, visitors }: Size): Plan {
  compute(20_000); // compiled before it is timed
  return {
    visitors,
    loadSeconds: seconds,
    workers: 2,
    heapMb: 320,
    burst: { everySeconds: seconds < 20 ? 2 : 10, tasks: 40, ms: 20 },
    stream: taskStream,
    roundsPerMs: round(roundsPerMs()),
    growthTasks: Math.min(300, 20 * seconds),
    leak: { tasks: 20, megabytes: 40 },
    bystanders: { ms: seconds < 20 ? 50 : 500, count: 6 },
    incidentSeconds: seconds < 20 ? 2 : 6,
  };
}

/** One with so many workers, and so many jobs roles. */
type Step = [setUp: SetUpKey, workers: number, jobsRoles: number];

const growthSteps: Step[] = [
  ['monolith', 1, 1],
  ...(['pool', 'roles', 'plain'] as const).flatMap(setUp => [1, 2, 4].map((workers): Step => [setUp, workers, 1])),
  ['roles', 1, 2],
];

/** The whole run. */
export async function profile(size: Size, say: (line: string) => void): Promise<Profile> {
  const from = performance.now();
  const ownLoop = new LoopDelay();
  ownLoop.start();
  const plan = planOf(size);
  await build();
  return withMongo(async withDatabase => {
    const setUps: Partial<Record<SetUpKey, SetUpFigures>> = {};
    ownLoop.take();
    for (const setUp of setUpKeys) {
      say(`${setUp}: the load, then a crash, a leak and a kill`);
      setUps[setUp] = await figuresOf(setUp, plan, withDatabase);
    }
    const { delays } = ownLoop.take();
    const growth: Growth[] = [];
    for (const step of growthSteps) {
      say(`${step[0]}: ${plan.growthTasks} tasks for ${step[1]} workers in ${step[2]} jobs roles`);
      growth.push(await growthOf(step, plan, withDatabase));
    }
    const startMs = await withDatabase(mongoUrl =>
      workerStartMs({ setUp: 'pool', mongoUrl, workers: 1, heapMb: plan.heapMb }),
    );
    const pair = await measurePair(plan, process.env);
    return {
      at: new Date().toISOString(),
      host: "this repository's Node host",
      machine: machine(),
      commit: commit(),
      callEveryMs,
      ...plan,
      leaseMs,
      plainWorkerLines: readFileSync(join(__dirname, 'plain-worker.ts'), 'utf8').split('\n').length - 1,
      tookSeconds: round((performance.now() - from) / 1_000),
      ownLoop: percentilesOf(delays),
      setUps: setUps as Record<SetUpKey, SetUpFigures>,
      growth,
      workerStartMs: startMs,
      ...(pair && { pair }),
    };
  });
}

export function figuresOf(setUp: SetUpKey, plan: Plan, withDatabase: WithDatabase): Promise<SetUpFigures> {
  const { everySeconds, tasks, ms } = plan.burst;
  const data = { ms, rounds: Math.round(ms * plan.roundsPerMs) };
  const burst = JSON.stringify({ everySeconds, tasks, data });
  const { workers, heapMb } = plan;
  return withDatabase((mongoUrl, db) =>
    SetUpRun.with({ setUp, mongoUrl, workers, burst, heapMb }, plan, db, run => run.figures()),
  );
}

function growthOf([setUp, workers, jobsRoles]: Step, plan: Plan, withDatabase: WithDatabase): Promise<Growth> {
  const { heapMb } = plan;
  return withDatabase((mongoUrl, db) =>
    SetUpRun.with({ setUp, mongoUrl, workers, jobsRoles, heapMb, keepWorkers: true }, plan, db, run =>
      run.growth(workers, jobsRoles),
    ),
  );
}

async function withMongo<T>(use: (withDatabase: WithDatabase) => Promise<T>): Promise<T> {
  const found = await findMongo();
  const mongo = 'url' in found ? { url: found.url, stop: async () => {} } : await startReplicaSet(found.mongod);
  try {
    return await use(databasesOf(mongo.url));
  } finally {
    await mongo.stop();
  }
}

/** Fresh databases of this server, one for each set-up. */
export function databasesOf(url: string): WithDatabase {
  return async use => {
    const mongoUrl = url.replace(
      /^(mongodb(?:\+srv)?:\/\/[^/?]+)\/?[^?]*/,
      `$1/profile_${randomBytes(4).toString('hex')}`,
    );
    const client = await new MongoClient(mongoUrl).connect();
    try {
      return await use(mongoUrl, client.db());
    } finally {
      await client.db().dropDatabase();
      await client.close();
    }
  };
}

function machine(): Profile['machine'] {
  const [one] = cpus();
  return {
    cpu: one?.model.trim() ?? 'unknown',
    cores: cpus().length,
    gigabytes: round(totalmem() / 1e9),
    system: `${system()} ${release()}`,
    node: process.version,
  };
}

function commit(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: root }).toString().trim();
    return `${git('rev-parse', '--short', 'HEAD')}${git('status', '--porcelain') ? ', with changes' : ''}`;
  } catch {
    return 'unknown';
  }
}
