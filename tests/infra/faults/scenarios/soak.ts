import { setTimeout as wait } from 'node:timers/promises';
import type { TestProcess } from '../../../support/processes';
import type { Scenario } from '../scenario';
import { FaultProxy } from '../stage/fault-proxy';
import { type MongoServer, urlAt } from '../stage/mongo-server';
import { openHandles, residentMegabytes } from '../stage/process-figures';
import type { Stage } from '../stage/stage';
import { killAndRestart } from './kills';
import { concluded, openStage } from './with-stage';

interface Field {
  stage: Stage;
  mongo: MongoServer;
  proxy: FaultProxy;
  /** It lives from the first minute to the last, and is the one that is measured. */
  veteran: TestProcess;
  /** It is killed and started again. */
  other: TestProcess;
}

type Fault = (field: Field) => Promise<void>;

const faults: Record<string, Fault> = {
  async 'kill a worker'({ stage }) {
    const victim = stage.random.of(stage.busyWorkers());
    if (victim !== undefined) process.kill(victim, 'SIGKILL');
  },
  async 'kill a role'(field) {
    field.other.kill();
    field.other = await field.stage.startRole({ mongoUrl: urlAt(field.proxy.port) });
  },
  async 'end a role'(field) {
    await field.stage.tellToEnd(field.other);
    field.other = await field.stage.startRole({ mongoUrl: urlAt(field.proxy.port) });
  },
  async 'stop a role'({ stage, veteran }) {
    stage.stoppedPids.add(veteran.pid);
    process.kill(veteran.pid, 'SIGSTOP');
    await wait(stage.random.between(500, 6_000));
    process.kill(veteran.pid, 'SIGCONT');
  },
  async cut({ proxy }) {
    proxy.cut();
  },
  async swallow({ stage, proxy }) {
    proxy.swallow();
    await wait(stage.random.between(500, 5_000));
    proxy.mend();
  },
  async delay({ stage, proxy }) {
    proxy.delay(stage.random.between(20, 300));
    await wait(stage.random.between(500, 3_000));
    proxy.mend();
  },
  async 'kill mongod'({ stage, mongo }) {
    await killAndRestart(stage, mongo, stage.random.between(0, 2_000));
  },
};

export const soak: Scenario = {
  name: 'soak',
  about: 'ten minutes of mixed faults under load: nothing lost, memory and handles flat',
  limitMs: 900_000,
  async play(play) {
    const { stage, mongo } = await openStage(play);
    const proxy = await FaultProxy.open(mongo.port);
    play.onClose(() => proxy.goAway());
    const mongoUrl = urlAt(proxy.port);
    const field: Field = {
      stage,
      mongo,
      proxy,
      veteran: await stage.startRole({ mongoUrl }),
      other: await stage.startRole({ mongoUrl }),
    };
    const minutes = play.size === 'small' ? 1 : 10;
    // Adders come and go, as web roles do; two are there at any time.
    const adder = () => stage.startAdder({ mongoUrl, calls: 150, batch: 2, everyMs: 100, mix: 'mixed' });
    let adders = [adder(), adder()];
    const samples: { memory: number; handles: number }[] = [];
    let played = 0;
    for (const end = Date.now() + minutes * 60_000; Date.now() < end; ) {
      await wait(stage.random.between(1_000, 4_000));
      samples.push({ memory: residentMegabytes(field.veteran.pid), handles: openHandles(field.veteran.pid) });
      const what = stage.random.of(Object.keys(faults));
      stage.note(what);
      await faults[what]?.(field);
      played += 1;
      adders = await Promise.all(adders.map(async one => ((await hasEnded(one)) ? adder() : one)));
    }
    proxy.mend();
    const outcome = await concluded(stage, `${played} faults in ${minutes} minutes, ${describe(samples)}`);
    return { ...outcome, problems: [...outcome.problems, ...growth(samples)] };
  },
};

async function hasEnded({ ended }: TestProcess): Promise<boolean> {
  return (await Promise.race([ended, wait(0, 'runs')])) !== 'runs';
}

type Samples = { memory: number; handles: number }[];

function growth(samples: Samples): string[] {
  const { memory, handles } = thirds(samples);
  return [
    ...(memory.last > memory.first * 1.4 + 40 ? [`memory grew from ${memory.first} to ${memory.last} MB`] : []),
    ...(handles.last > handles.first * 1.3 + 15 ? [`handles grew from ${handles.first} to ${handles.last}`] : []),
  ];
}

function describe(samples: Samples): string {
  const { memory, handles } = thirds(samples);
  return `${memory.first} → ${memory.last} MB, ${handles.first} → ${handles.last} handles`;
}

/** The medians of the first and the last third: a peak is no leak. */
function thirds(samples: Samples) {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const both = (of: (sample: Samples[number]) => number) => ({
    first: median(samples.slice(0, third).map(of)),
    last: median(samples.slice(-third).map(of)),
  });
  return { memory: both(({ memory }) => memory), handles: both(({ handles }) => handles) };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
