import type { TaskQueueOf } from '../../infra/queue/api/task-queue';
import { newToken } from '../../infra/queue/model/ids';
import type { catalog } from './catalog';
import { inOwnProcess } from './own-process';
import { openTandem } from './peers/tandem';
import type { Figures } from './workloads';

type BenchQueue = TaskQueueOf<typeof catalog>;

const short = 1_000;
const claims = 50;
const perClaim = 20;

/**
 * The cost of a claim of 20 tasks in a short queue, in a long one, and behind tasks of a type that is paused; and the
 * memory of who works for the short and the long one.
 */
export async function measureClaims(url: string, long: number, paused: number): Promise<Record<string, Figures>> {
  const { queue, close } = await openTandem(url, 'inProcess');
  await fill(queue, 'noop', 10 * short);
  const ofShort = await memoryFor(queue, url);
  await queue.remove({ state: { $ne: 'queued' } });
  await queue.remove({ taskType: 'noop' });
  await fill(queue, 'noop', short);
  const shortQueue = { ...(await costOfClaims(queue)), ...ofShort };
  await fill(queue, 'held', paused);
  const behindPaused = await costOfClaims(queue);
  await fill(queue, 'noop', long);
  const longQueue = { ...(await costOfClaims(queue)), ...(await memoryFor(queue, url)) };
  await close();
  return { [`${short} queued`]: shortQueue, [`behind ${paused} paused`]: behindPaused, [`${long} queued`]: longQueue };
}

function memoryFor({ core }: BenchQueue, url: string): Promise<Figures> {
  return inOwnProcess('memory.ts', { url, database: core.db.databaseName });
}

async function fill(queue: BenchQueue, taskType: 'noop' | 'held', count: number): Promise<void> {
  const batch = 2_000;
  for (let added = 0; added < count; added += batch) {
    const length = Math.min(batch, count - added);
    await queue.addTasks(Array.from({ length }, (_, n) => ({ taskType, data: { n, ms: 0 } })));
  }
}

/** Claims and hands back, so that the queue stays as long as it is. */
async function costOfClaims({ core: { store, clock } }: BenchQueue): Promise<Figures> {
  const samples: number[] = [];
  for (let n = 0; n < claims + 5; n++) {
    const from = performance.now();
    const head = await store.peek({ types: [{ taskType: 'noop', version: 1 }], limit: perClaim });
    const now = clock.now();
    const claim = { owner: 'bench', token: newToken(), now, leaseUntil: new Date(now.getTime() + 30_000) };
    await store.take(
      head.map(({ _id }) => _id),
      claim,
    );
    samples.push(performance.now() - from);
    await store.handBackAll(claim.owner);
  }
  const sorted = samples.slice(5).sort((a, b) => a - b);
  return { p50: sorted[sorted.length >> 1]!, p99: sorted.at(-1)! };
}
