import { performance } from 'node:perf_hooks';
import { TaskQueueOf } from '../../../../infra/queue/api/task-queue';
import { eventually } from '../../../support/eventually';
import type { Scenario } from '../scenario';
import { MongoServer } from '../stage/mongo-server';
import { residentMegabytes } from '../stage/process-figures';
import type { Stage } from '../stage/stage';
import { theMongod } from '../stage/stage';
import { catalog } from '../worker/catalog';
import { stageOn } from './with-stage';

/** A queue that grew for a night: claims cost what they cost in a short one, and the role's memory is flat. */
export const longQueue: Scenario = {
  name: 'long-queue',
  about: '200,000 tasks wait: claims stay fast, and the memory of the role flat',
  limitMs: 600_000,
  async play(play) {
    const stage = await stageOn(play, await MongoServer.start(await theMongod()), false);
    const total = play.size === 'small' ? 10_000 : 200_000;
    await fillQueue(stage, total);
    const role = await stage.startRole({ pool: { maxWorkers: 2 } });
    const portion = Math.min(3_000, Math.floor(total / 4));
    const first = await timeOf(stage, portion);
    const before = residentMegabytes(role.pid);
    await timeOf(stage, portion);
    const last = await timeOf(stage, portion);
    const after = residentMegabytes(role.pid);
    const problems = [
      ...(last > 3 * first + 3_000 ? [`${portion} tasks took ${last} ms at last, ${first} ms at first`] : []),
      ...(after > before * 1.5 + 60 ? [`the role has ${after} MB at last, ${before} MB before`] : []),
    ];
    const claim = await claimMs(stage);
    if (claim > 250) problems.push(`one look at the head of the queue takes ${claim} ms`);
    const rate = Math.round((portion / first) * 1_000);
    return { problems, figures: `${total} queued, ${rate} a second, ${claim} ms a look, ${before} → ${after} MB` };
  },
};

async function fillQueue(stage: Stage, total: number): Promise<void> {
  const queue = new TaskQueueOf(catalog);
  const sender = { appId: 'faults', version: '1', rootUrl: 'http://localhost' };
  await queue.connect({ db: stage.client.db(), sender, signingKeys: ['key of the fault suite'] });
  const some = Array.from({ length: 2_000 }, () => ({ taskType: 'work', data: { ms: 0 } }) as const);
  for (let added = 0; added < total; added += some.length) await queue.addTasks(some);
}

/** How long so many tasks take from now on. */
async function timeOf(stage: Stage, portion: number): Promise<number> {
  const done = async () => (await stage.tasks()).countDocuments({ state: 'done' });
  const [from, began] = [await done(), performance.now()];
  await eventually(async () => (await done()) >= from + portion, { timeoutMs: 240_000, everyMs: 100 });
  return Math.round(performance.now() - began);
}

/** The median of some looks, as a claimer looks. */
async function claimMs(stage: Stage): Promise<number> {
  const queue = new TaskQueueOf(catalog);
  const sender = { appId: 'faults', version: '1', rootUrl: 'http://localhost' };
  await queue.connect({ db: stage.client.db(), sender });
  const types = Object.keys(catalog).map(taskType => ({ taskType, version: 1 }));
  const times: number[] = [];
  for (let nth = 0; nth < 15; nth++) {
    const began = performance.now();
    await queue.core.store.peek({ types, limit: 100 });
    times.push(performance.now() - began);
  }
  return Math.round(times.sort((a, b) => a - b)[7] ?? 0);
}
