import type { MetricsSources, QueueFigures } from '../monitor/metrics';
import { TaskQueue } from '../queue';
import { taskStates } from '../queue/model/task';
import type { Ground } from './ground';

/** What of a role's metrics comes from the ground and the queue. */
export function commonFigures({ identity, eventLoop }: Ground): MetricsSources {
  return { ...identity, eventLoop: () => eventLoop.delay(), queue: queueFigures };
}

async function queueFigures(): Promise<QueueFigures> {
  const { byType } = await TaskQueue.counts();
  const types = Object.entries(byType);
  const now = Date.now();
  return {
    depth: types.flatMap(([taskType, counts]) => taskStates.map(state => ({ taskType, state, count: counts[state] }))),
    oldestSeconds: types.flatMap(([taskType, { oldestQueued }]) =>
      oldestQueued ? [{ taskType, seconds: Math.max(0, (now - oldestQueued.getTime()) / 1_000) }] : [],
    ),
  };
}
