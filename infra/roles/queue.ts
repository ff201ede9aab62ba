import type { Service } from '../app';
import type { QueueConnection } from '../queue';
import { TaskQueue } from '../queue';
import type { Ground } from './ground';
import { senderOf } from './identity';
import { asService } from './service';

/** Connects the queue: both roles add tasks, and look at them. */
export function queueOf(ground: Ground): Service {
  const { connection, settings, events, healthSources } = ground;
  const queue: QueueConnection = {
    db: connection.db,
    sender: senderOf(),
    signingKeys: settings.queue.signingKey,
    emit: events.emit,
  };
  return asService('queue', {
    async start() {
      await TaskQueue.connect(queue);
      healthSources.queueCounts = async () => ({ ...(await TaskQueue.counts()).total });
    },
  });
}
