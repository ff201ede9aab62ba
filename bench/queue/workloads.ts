import { setTimeout as wait } from 'node:timers/promises';
import { percentile } from '../percentile';
import type { BenchTask, OpenPeer } from './peer';
import { treeUsage } from './process-usage';

/** What one measurement found, by what the column of the table shows. */
export type Figures = Record<string, number>;

export interface Sizes {
  tasks: number;
  /** By each number of callers. */
  oneByOne: number;
  samples: number;
  /** Tasks a second that go on beside the samples of `latencyUnderLoad`. */
  load: number;
  /** How long `steady` goes on. */
  steadySeconds: number;
}

type Workload = (peer: OpenPeer, sizes: Sizes) => Promise<Figures>;

const perBatch = 500;
const numbers = (count: number, ms = 0): BenchTask[] => Array.from({ length: count }, (_, n) => ({ n, ms }));

/** Each starts with a peer that runs nothing yet, on an empty queue. */
export const workloads = {
  batched: async (peer, { tasks }) => ({ perSecond: await throughput(peer, tasks, addBatches) }),
  batchedOf10Ms: async (peer, { tasks }) => ({ perSecond: await throughput(peer, tasks / 10, addBatches, 10) }),
  oneByOne1: async (peer, { oneByOne }) => ({ perSecond: await throughput(peer, oneByOne / 4, callers(1)) }),
  oneByOne16: async (peer, { oneByOne }) => ({ perSecond: await throughput(peer, oneByOne, callers(16)) }),
  oneByOne64: async (peer, { oneByOne }) => ({ perSecond: await throughput(peer, oneByOne, callers(64)) }),
  latency: (peer, { samples }) => addToStart(peer, samples, 0),
  latencyUnderLoad: (peer, { samples, load }) => addToStart(peer, samples, load),
  steady: (peer, { steadySeconds }) => steady(peer, steadySeconds),
  firstTask: peer => firstTask(peer),
  idle: peer => idle(peer),
} satisfies Record<string, Workload>;

export type WorkloadName = keyof typeof workloads;

type Add = (peer: OpenPeer, tasks: BenchTask[]) => Promise<unknown>;

/** Tasks a second from the first add to the last end, adding and running at the same time, after a round to warm up. */
async function throughput(peer: OpenPeer, count: number, add: Add, ms = 0): Promise<number> {
  let left = 0;
  let finish = () => {};
  await peer.work({ started: () => {}, done: () => --left === 0 && finish() });
  const run = async (tasks: BenchTask[]) => {
    left = tasks.length;
    const finished = new Promise<void>(resolve => {
      finish = resolve;
    });
    await Promise.all([add(peer, tasks), finished]);
  };
  await run(numbers(Math.min(500, count), ms));
  const from = performance.now();
  await run(numbers(count, ms));
  return count / ((performance.now() - from) / 1_000);
}

async function addBatches(peer: OpenPeer, tasks: BenchTask[]): Promise<void> {
  for (let from = 0; from < tasks.length; from += perBatch) await peer.addMany(tasks.slice(from, from + perBatch));
}

function callers(count: number): Add {
  return async (peer, tasks) => {
    const left = tasks[Symbol.iterator]();
    const caller = async () => {
      for (const task of left) await peer.addOne(task);
    };
    await Promise.all(Array.from({ length: count }, caller));
  };
}

/** From the call that adds a task to its start, one every 20 ms or so. */
async function addToStart(peer: OpenPeer, samples: number, load: number): Promise<Figures> {
  const added = new Map<number, number>();
  const waits: number[] = [];
  const started = ({ n }: BenchTask) => {
    const at = added.get(n);
    if (at !== undefined) waits.push(performance.now() - at);
  };
  const addSome = async (from: number, count: number) => {
    for (let n = from; n < from + count; n++) {
      added.set(n, performance.now());
      await peer.addOne({ n, ms: 0 });
      await wait(15 + Math.random() * 10);
    }
    while (waits.length < count) await wait(10);
    return waits.splice(0);
  };
  await peer.work({ started, done: () => {} });
  await addSome(0, warmUp);
  let loading = load > 0;
  const loaded = keepLoad(peer, load, () => loading);
  const measured = await addSome(warmUp, samples);
  loading = false;
  await loaded;
  return percentilesOf(measured);
}

/** Workers and connections start with the first tasks. */
const warmUp = 20;

const steadyPerSecond = 200;
/** Of all its time, `steady` measures the last part: what a database keeps of the tasks before may make it slow. */
const measuredShare = 1 / 4;

/** From the call that adds a task to its start, after single tasks have come at a steady rate for a while. */
async function steady(peer: OpenPeer, seconds: number): Promise<Figures> {
  const count = seconds * steadyPerSecond;
  const first = count * (1 - measuredShare);
  const added: number[] = [];
  const waits: number[] = [];
  const started = ({ n }: BenchTask) => {
    if (n >= first) waits.push(performance.now() - added[n]!);
  };
  await peer.work({ started, done: () => {} });
  const adds: Promise<unknown>[] = [];
  for (const from = performance.now(); adds.length < count; await wait(1_000 / steadyPerSecond)) {
    const due = Math.min(count, ((performance.now() - from) / 1_000) * steadyPerSecond);
    for (let n = adds.length; n < due; n++) {
      added[n] = performance.now();
      adds.push(peer.addOne({ n, ms: 0 }));
    }
  }
  await Promise.all(adds);
  while (waits.length < count - first) await wait(10);
  return percentilesOf(waits);
}

/** Tasks that nobody measures: their number is none that was added by `addToStart`. */
async function keepLoad(peer: OpenPeer, perSecond: number, isRunning: () => boolean): Promise<void> {
  const everyMs = 50;
  const chunk = Math.round((perSecond * everyMs) / 1_000);
  const tasks = Array.from({ length: chunk }, () => ({ n: -1, ms: 0 }));
  for (let due = performance.now(); isRunning(); due += everyMs) {
    await peer.addMany(tasks);
    await wait(Math.max(0, due + everyMs - performance.now()));
  }
}

/** From the start of what runs tasks, its processes too, to the start of a task that is in the queue already. */
async function firstTask(peer: OpenPeer): Promise<Figures> {
  await peer.addOne({ n: 0, ms: 0 });
  const from = performance.now();
  await new Promise<void>((resolve, reject) => {
    peer.work({ started: () => resolve(), done: () => {} }).catch(reject);
  });
  return { ms: performance.now() - from };
}

const idleMs = 20_000;

/** What a process that works for an empty queue uses, with its own processes, after it has done some work. */
async function idle(peer: OpenPeer): Promise<Figures> {
  let done = 0;
  await peer.work({ started: () => {}, done: () => done++ });
  await peer.addMany(numbers(100));
  while (done < 100) await wait(10);
  await wait(2_000);
  const [before, askedBefore] = [treeUsage(process.pid), await peer.operations?.()];
  await wait(idleMs);
  const [after, askedAfter] = [treeUsage(process.pid), await peer.operations?.()];
  return {
    cpuPercent: ((after.cpuMs - before.cpuMs) / idleMs) * 100,
    megabytes: after.megabytes,
    ...(askedBefore !== undefined && { perSecond: ((askedAfter! - askedBefore) / idleMs) * 1_000 }),
  };
}

function percentilesOf(waits: readonly number[]): Figures {
  const sorted = [...waits].sort((a, b) => a - b);
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99) };
}
