import type { Service } from '../app';
import type { QueueMetrics } from '../monitor/metrics';
import { TaskQueue } from '../queue';
import { taskStates } from '../queue/model/task';
import { type AppContext, senderOf } from './app-context';
import { asService } from './service';

/** Connects the queue: both roles add tasks, and look at them. */
export function queueOf({ connection, settings, events, healthSources }: AppContext): Service {
  return asService('queue', {
    async start() {
      await TaskQueue.connect({
        db: connection.db,
        sender: senderOf(),
        signingKeys: settings.queue.signingKey,
        emit: events.emit,
      });
      healthSources.queueCounts = async () => ({ ...(await TaskQueue.counts()).total });
    },
  });
}

/** What the metrics show of the queue. */
export async function queueMetrics(): Promise<QueueMetrics> {
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
