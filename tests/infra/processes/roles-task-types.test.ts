import { connect } from '../../../infra/database';
import { TaskQueueOf } from '../../../infra/queue';
import { catalog } from '../../support/app/catalog';
import { eventually } from '../../support/eventually';
import { secrets, startTestRoles } from '../../support/roles';

jest.setTimeout(120_000);

const sender = { appId: 'test', version: '1', rootUrl: 'http://localhost' };

async function queueAt(mongoUrl: string) {
  const connection = await connect(mongoUrl, 'test');
  const queue = new TaskQueueOf(catalog);
  await queue.connect({ db: connection.db, sender, signingKeys: [secrets.signingKey] });
  return { queue, close: connection.close };
}

const untakenAt = async (url: string) =>
  ((await (await fetch(`${url}/healthz`)).json()) as { untakenTypes: string[] }).untakenTypes;

test('a third role takes the task types that the second leaves to others, by settings alone', async () => {
  const light = await startTestRoles({ settings: { jobs: { workers: { exceptTaskTypes: ['burn'] } } } });
  const { queue, close } = await queueAt(light.mongoUrl);
  try {
    const id = await queue.addTask({ taskType: 'burn', data: { seconds: 0.1, owner: 'ada' } });
    // Seen from both sides: nobody is there who would take it.
    await eventually(async () => (await untakenAt(light.webUrl)).join() === 'burn');
    expect(await untakenAt(light.jobsUrl)).toEqual(['burn']);
    expect((await queue.findOne(id))?.state).toBe('queued');

    const settings = { jobs: { workers: { taskTypes: ['burn'] } } };
    const heavy = await startTestRoles({ web: false, mongoUrl: light.mongoUrl, settings });
    await eventually(async () => (await queue.findOne(id))?.state === 'done', { timeoutMs: 30_000 });
    await eventually(async () => (await untakenAt(light.webUrl)).length === 0);
    await heavy.stop();
  } finally {
    await close();
    await light.stop();
  }
});
