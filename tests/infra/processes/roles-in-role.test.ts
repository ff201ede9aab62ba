import { connect } from '../../../infra/database';
import { TaskQueueOf } from '../../../infra/queue';
import { type Catalog, catalog } from '../../support/app/catalog';
import { eventually } from '../../support/eventually';
import { secrets, startTestRoles } from '../../support/roles';

const sender = { appId: 'test', version: '1', rootUrl: 'http://localhost' };

test('a task that needs Meteor runs in the jobs role; the log and the register name one that holds its event loop', async () => {
  const settings = { jobs: { workers: { graceMs: 200 } } };
  const roles = await startTestRoles({ web: false, settings, env: { METEOR_SIGTERM_GRACE_PERIOD_SECONDS: '8' } });
  const connection = await connect(roles.mongoUrl, 'test');
  const queue = new TaskQueueOf<Catalog>(catalog);
  await queue.connect({ db: connection.db, sender, signingKeys: [secrets.signingKey] });
  try {
    const id = await queue.addTask({ taskType: 'lookUp', data: { name: 'ada' } });
    const done = await eventually(async () => {
      const task = await queue.findOne(id);
      return task?.state === 'done' ? task : undefined;
    });
    expect(done.result).toEqual({ seen: 1, isServer: true, pid: roles.jobs!.pid });

    const left = await queue.addTask({ taskType: 'lookUp', data: { name: 'joe', leave: true } });
    const failed = await eventually(async () => {
      const task = await queue.findOne(left);
      return task?.state === 'failed' ? task : undefined;
    });
    expect(failed.error?.message).toContain('did not await was rejected: left alone');

    await queue.addTask({ taskType: 'lookUp', data: { name: 'eve', computeMs: 200 } });
    await roles.jobs!.says(/lookUp held the event loop of this role for \d+ ms/);
    const processes = connection.db.collection<{ details: { heldLoop?: { taskType: string }[] } }>('processes');
    await eventually(async () => (await processes.findOne({ 'details.heldLoop.taskType': 'lookUp' })) !== null);

    const hung = await queue.addTask({ taskType: 'lookUp', data: { name: 'bob', hang: true } });
    await roles.jobs!.says(/still runs, \d+ ms after it began, although it was told to stop \(timedOut\)/);
    expect((await queue.findOne(hung))?.state).toBe('running');
    roles.jobs!.signal('SIGTERM');
    await roles.jobs!.ended;
    expect((await queue.findOne(hung))?.state).toBe('queued');
  } finally {
    await connection.close();
    await roles.stop();
  }
});
