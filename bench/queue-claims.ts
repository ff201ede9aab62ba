import type { TaskQueueOf } from '../infra/queue/api/task-queue';
import { newToken } from '../infra/queue/model/ids';
import type { catalog } from './queue-catalog';
import { figure, percentile } from './queue-figures';

type BenchQueue = TaskQueueOf<typeof catalog>;

const short = 1_000;
const claims = 50;
const perClaim = 20;

/** The cost of a claim of 20 tasks in a short queue, in a long one, and behind tasks of a type that is paused. */
export async function measureClaims(queue: BenchQueue, long: number, paused: number): Promise<void> {
  await fill(queue, 'noop', short);
  figure(`claim of ${perClaim} with ${short} queued`, await costOfClaims(queue));
  await fill(queue, 'held', paused);
  figure(`the same behind ${paused} paused ones`, await costOfClaims(queue));
  await fill(queue, 'noop', long);
  figure(`the same with ${long} queued`, await costOfClaims(queue));
}

async function fill(queue: BenchQueue, taskType: 'noop' | 'held', count: number): Promise<void> {
  const batch = 2_000;
  for (let added = 0; added < count; added += batch) {
    const length = Math.min(batch, count - added);
    await queue.addTasks(Array.from({ length }, (_, n) => ({ taskType, data: { n } })));
  }
}

/** Claims and hands back, so that the queue stays as long as it is. */
async function costOfClaims({ core: { store, clock } }: BenchQueue): Promise<string> {
  const samples: number[] = [];
  for (let n = 0; n < claims + 5; n++) {
    const from = performance.now();
    const head = await store.peek({ types: [{ taskType: 'noop', version: 1 }], limit: perClaim });
    const now = clock.now();
    const claim = { owner: 'bench', token: newToken(), now, leaseUntil: new Date(now.getTime() + 30_000) };
    const tasks = await store.take(
      head.map(({ _id }) => _id),
      claim,
    );
    samples.push(performance.now() - from);
    await store.handBack(tasks);
  }
  const warm = samples.slice(5);
  return `p50 ${percentile(warm, 0.5)} ms, p99 ${percentile(warm, 0.99)} ms`;
}
