import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { catalog } from '../../../imports/tasks/catalog';
import { connect } from '../../../infra/database';
import { TaskQueueOf } from '../../../infra/queue';
import { eventually } from '../../support/eventually';
import { startRoles } from '../../support/roles';
import { root } from '../../support/run';

jest.setTimeout(120_000);

const sender = { appId: 'test', version: '1', rootUrl: 'http://localhost' };

async function queueAt(mongoUrl: string) {
  const { queue: settings } = JSON.parse(readFileSync(join(root, 'settings-jobs.json'), 'utf8'));
  const connection = await connect(mongoUrl, 'test');
  const queue = new TaskQueueOf(catalog);
  await queue.connect({ db: connection.db, sender, signingKeys: [settings.signingKey].flat() });
  return { queue, close: connection.close };
}

const untakenAt = async (url: string) =>
  ((await (await fetch(`${url}/healthz`)).json()) as { untakenTypes: string[] }).untakenTypes;

test('a third role takes the task types that the second leaves to others, by settings alone', async () => {
  const light = await startRoles({ settings: { jobs: { workers: { exceptTaskTypes: ['burn'] } } } });
  const { queue, close } = await queueAt(light.mongoUrl);
  try {
    const id = await queue.addTask({ taskType: 'burn', data: { seconds: 0.1, owner: 'ada' } });
    // Seen from both sides: nobody is there who would take it.
    await eventually(async () => (await untakenAt(light.webUrl)).join() === 'burn');
    expect(await untakenAt(light.jobsUrl)).toEqual(['burn']);
    expect((await queue.findOne(id))?.state).toBe('queued');

    const settings = { jobs: { workers: { taskTypes: ['burn'] } } };
    const heavy = await startRoles({ web: false, mongoUrl: light.mongoUrl, settings });
    await eventually(async () => (await queue.findOne(id))?.state === 'done', { timeoutMs: 30_000 });
    await eventually(async () => (await untakenAt(light.webUrl)).length === 0);
    await heavy.stop();
  } finally {
    await close();
    await light.stop();
  }
});
