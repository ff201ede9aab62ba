/** Adds tasks with the same key, as one of several processes at once: when it is told to go, it answers with their ids. */
import { connect } from '../../../infra/database';
import { TaskQueueOf } from '../../../infra/queue/api/task-queue';
import { catalogForTests } from '../test-catalog';

const each = 10;

/** What it answers: by the choice, the ids that its calls have brought, and how many were refused. */
export type Answer = Record<string, { ids: string[]; refused: number }>;

async function main(): Promise<void> {
  const { db, close } = await connect(process.env.MONGO_URL as string, 'unique-adder');
  const queue = new TaskQueueOf(catalogForTests);
  await queue.connect({ db, sender: { appId: 'test', version: '1', rootUrl: 'http://localhost' } });
  process.once('message', async () => {
    const answer: Answer = {};
    for (const on of ['keep', 'replace', 'refuse'] as const) {
      const unique = { key: on, on, for: 60_000 };
      const add = (n: number) => queue.addTask({ taskType: 'ping', data: { n }, unique });
      const added = await Promise.allSettled(Array.from({ length: each }, (_, n) => add(n)));
      const ids = added.flatMap(one => (one.status === 'fulfilled' ? one.value : []));
      answer[on] = {
        ids: [...new Set(ids)],
        refused: each - added.filter(({ status }) => status === 'fulfilled').length,
      };
    }
    process.send?.(answer);
    await close();
    process.disconnect();
  });
  process.send?.('ready');
}

main().catch(error => {
  console.error(error);
  process.exit(1);
});
