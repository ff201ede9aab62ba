import { Audit } from '../../../infra/console/audit';
import type { DatabaseClock } from '../../../infra/database';
import { actOnTasks, pauseOrResume } from '../../../infra/dev/tasks/act';
import { readArguments } from '../../../infra/dev/tasks/arguments';
import { actOnAll } from '../../../infra/dev/tasks/bulk';
import { doctor } from '../../../infra/dev/tasks/doctor/doctor';
import { explain, list, show } from '../../../infra/dev/tasks/look';
import type { OpenQueue } from '../../../infra/dev/tasks/open';
import type { Output } from '../../../infra/dev/tasks/output';
import { stats } from '../../../infra/dev/tasks/stats';
import { ProcessRegistry } from '../../../infra/monitor/processes';
import { CodePauses } from '../../../infra/schedules/code-pauses';
import { load } from '../../../infra/settings';
import { TestQueue } from '../../support/queue';

const signingKey = 'a key that only the roles should have';
const commands = { list, show, explain, stats, doctor, actOnTasks, actOnAll, pauseOrResume };
type Command = keyof typeof commands;

let opened: TestQueue;
let open: OpenQueue;
beforeEach(async () => {
  opened = await TestQueue.open({ signingKeys: [signingKey] });
  const { db } = opened.database;
  const { queue } = opened;
  const registry = registryOf('web', 'a1', {});
  const raw = { queue: { signingKey } };
  open = {
    queue: queue as never,
    core: queue.core,
    clock: queue.core.clock as DatabaseClock,
    registry,
    audit: new Audit(db, 1),
    operator: { name: 'ada at home', role: 'admin' },
    settings: { file: 'settings-jobs.json', raw, values: load(raw, { production: false }) },
    close: async () => {},
  };
});
afterEach(() => opened.close());

function registryOf(role: string, commit: string, details: Record<string, unknown>) {
  const identity = { role, version: '1', commit };
  const describe = () => ({ state: 'ready', details });
  return new ProcessRegistry({ db: opened.database.db, identity, emit: () => {}, describe });
}

/** Runs a command as main.ts does. */
async function run(command: Command, ...args: string[]) {
  const said: string[] = [];
  const say = (text: string) => void said.push(text);
  const asked = readArguments(args);
  const data: unknown[] = [];
  const json = asked.flags.json === true;
  const output: Output = { json, line: say, note: say, problem: say, data: value => void data.push(value) };
  const done = await commands[command](open, asked, output);
  return { done: done !== false, text: said.join('\n'), data: data[0] as never };
}

const collection = () => opened.queue.core.store.collection;
async function failed(message: string): Promise<string> {
  const id = await opened.queue.addTask({ taskType: 'ping', data: { n: 1 } });
  const end = { state: 'failed', finishedAt: new Date(), error: { name: 'PrinterError', message } } as const;
  await collection().updateOne({ _id: id }, { $set: end });
  return id;
}

test('what a type hides is in nothing that list and show print, in the task that follows its failure neither', async () => {
  const data = { customer: 'ada', card: { number: '4111-1111' } };
  const id = await opened.queue.addTask({ taskType: 'charge', data });
  const error = { name: 'Error', message: 'declined' };
  const follower = await opened.queue.addTask({
    taskType: 'mailOwner',
    data: { taskId: id, taskType: 'charge', data, error },
  });
  const [one, two] = [await run('show', 'show', id, follower), await run('show', 'show', id, follower, '--json')];
  const all = [one.text, JSON.stringify(two.data), JSON.stringify((await run('list', 'list', '--json')).data)];
  for (const text of all) {
    expect(text).not.toContain('4111');
    expect(text.match(/"number": ?"••••"/g)).toHaveLength(2);
    expect(text).toContain('ada');
  }
  expect((await opened.queue.findOne(id))?.data).toEqual(data);
});

test('the payload of a task whose type has left the catalog is hidden as a whole', async () => {
  const data = { customer: 'ada', card: { number: '4111-1111' } };
  const id = await opened.queue.addTask({ taskType: 'charge', data });
  await collection().updateOne({ _id: id }, { $set: { taskType: 'retired' } });
  const { text } = await run('show', 'show', id);
  expect(text).toContain('payload\n"••••"');
  expect(text).not.toContain('ada');
});

test('list filters by state, type, error, tag and time, and says when there are more', async () => {
  const tagged = await opened.queue.addTask({ taskType: 'ping', tags: ['urgent'] });
  await opened.queue.addTasks([1, 2, 3].map(() => ({ taskType: 'patient' }) as const));
  const inkless = await failed('no (ink) left');
  await failed('no paper');
  const idsOf = async (...args: string[]) => {
    const { data } = await run('list', 'list', '--json', ...args);
    return (data as { tasks: { _id: string }[] }).tasks.map(({ _id }) => _id);
  };
  expect(await idsOf('--error', 'NO (INK)')).toEqual([inkless]);
  expect(await idsOf('--error', 'PrinterError', '--since', '1h')).toHaveLength(2);
  expect(await idsOf('--state', 'queued', '--type', 'ping,sleepy')).toEqual([tagged]);
  expect(await idsOf('--tag', 'urgent')).toEqual([tagged]);
  expect(await idsOf('--state', 'queued')).toHaveLength(4);
  expect(await idsOf('--since', '2001-01-01')).toHaveLength(6);
  expect(await idsOf()).toHaveLength(6);
  const { text } = await run('list', 'list', '--limit', '2');
  expect(text.split('\n')).toHaveLength(4);
  expect(text).toContain('There are more than 2');
  expect((await run('list', 'list', '--type', 'pnig')).text).toContain('The catalog has no pnig; it has ping');
});

test('each list that has an index reads no more than it shows', async () => {
  for (let n = 0; n < 50; n += 1) await failed('no ink');
  await opened.queue.addTasks(Array.from({ length: 50 }, () => ({ taskType: 'ping' }) as const));
  await opened.database.db.command({ profile: 2 });
  for (const state of ['failed', 'queued', 'scheduled', 'waiting', 'running'])
    await run('list', 'list', '--state', state, '--limit', '5');
  await opened.database.db.command({ profile: 0 });
  const reads = await opened.database.db
    .collection('system.profile')
    .find({ op: 'query', ns: /taskQueue$/ })
    .toArray();
  expect(reads.map(({ docsExamined }) => docsExamined as number).sort()).toEqual([0, 0, 0, 6, 6]);
  // One more for each scan that is merged: nor does it look at more to put it in order.
  for (const { keysExamined } of reads) expect(keysExamined).toBeLessThan(20);
});

test('show tells all of a task, explain why it waits, and stats what there is of each type', async () => {
  const id = await failed('no ink');
  await opened.queue.pause('patient');
  const waiting = await opened.queue.addTask({ taskType: 'patient' });
  const { text, done } = await run('show', 'show', id, 'nobody');
  expect(done).toBe(false);
  for (const part of [/state +failed/, /payload\n{\n {2}"n": 1\n}/, 'PrinterError: no ink', 'no task "nobody"'])
    expect(text).toMatch(part);
  const why = (await run('explain', 'explain', waiting)).text;
  expect(why).toContain('  - patient is paused');
  expect(why).toContain('  - 0 of its type are before it');
  const { text: figures } = await run('stats', 'stats');
  expect(figures).toMatch(/^patient +1 .*paused$/m);
  expect(figures).toContain('No role lives here');
});

test('retry, replay, cancel, pause and resume do each of what they are given, and the audit has who did it', async () => {
  const [first, second] = [await failed('no ink'), await failed('no ink')];
  const live = await opened.queue.addTask({ taskType: 'ping' });
  const retried = await run('actOnTasks', 'retry', first!, 'nobody', live);
  expect(retried.done).toBe(false);
  expect(retried.text).toContain(`${first} is back in the queue`);
  expect(retried.text).toContain(`${live}: there is no failed, cancelled or rejected task of this id: it is queued`);
  const { data } = await run('actOnTasks', 'replay', second!, '--json');
  const [{ newId }] = data as [{ newId: string }];
  const replayed = await opened.queue.findOne(newId);
  expect(replayed).toMatchObject({ origin: second, sender: { rootUrl: 'http://localhost' } });
  expect(opened.queue.core.signer.verify(replayed!)).toBe(true);
  expect((await run('actOnTasks', 'cancel', live)).text).toBe(`${live} is cancelled`);
  await run('pauseOrResume', 'pause', '--all');
  expect((await run('pauseOrResume', 'resume', 'ping')).text).toContain('everything is paused');
  expect((await run('pauseOrResume', 'resume', '--all')).done).toBe(true);
  const { records } = await open.audit.list();
  expect(records.map(({ action, outcome }) => `${action} ${outcome}`).sort()).toEqual([
    'cancel done',
    'pause done',
    'replay done',
    'resume done',
    'resume failed',
    'retry done',
    'retry failed',
    'retry failed',
  ]);
  expect(records[0]?.by).toEqual({ name: 'ada at home', role: 'admin' });
  open = { ...open, settings: undefined };
  await expect(run('actOnTasks', 'replay', second!)).rejects.toThrow('give their settings, --settings');
});

test('--all is carried out by a jobs role, for what matches and could be so', async () => {
  for (const message of ['no ink', 'no ink', 'no paper']) await failed(message);
  await opened.role({ ping: () => {} });
  const { done, text } = await run('actOnAll', 'retry', '--all', '--error', 'ink', '--yes');
  expect(done).toBe(true);
  expect(text).toContain('2 tasks retried');
  expect(await opened.queue.find({ state: 'failed' }).countAsync()).toBe(1);
  expect((await run('actOnAll', 'retry', '--all', '--state', 'done', '--yes')).text).toBe(
    'No task matches that could be retried',
  );
  await expect(run('actOnAll', 'cancel', '--all', '--error', 'paper', '--state', 'queued')).resolves.toMatchObject({
    done: true,
  });
  await expect(run('actOnAll', 'replay', '--all', '--error', 'paper')).rejects.toThrow(
    'is about 1 task. Nobody can be asked here',
  );
});

test('doctor finds what is wrong with the queue, and says what to do', async () => {
  const wrongNow = async () => {
    const { data } = await run('doctor', 'doctor', '--json');
    const findings = data as { level: string; about: string; text: string; todo?: string }[];
    return findings.filter(({ level }) => level === 'wrong').map(({ about, text }) => `${about}: ${text}`);
  };
  const jobs = registryOf('jobs', 'b2', { taskTypes: Object.keys(opened.queue.catalog) });
  try {
    await jobs.start();
    await jobs.ensureIndexes();
    expect((await wrongNow()).filter(one => !one.startsWith('settings'))).toEqual([]);
    const long = new Date(Date.now() - 7_200_000);
    const [expired, forged, unknown] = await opened.queue.addTasks(
      [1, 2, 3].map(() => ({ taskType: 'ping' }) as const),
    );
    const owner = { state: 'running', owner: 'gone:1:a', leaseUntil: long } as const;
    await collection().updateOne({ _id: expired! }, { $set: owner });
    await collection().updateOne({ _id: forged! }, { $set: { data: { n: 666 }, dueDate: long } });
    await collection().updateOne({ _id: unknown! }, { $set: { taskType: 'retired' } });
    await opened.queue.pause('ping');
    await opened.database.db
      .collection('processes')
      .updateOne({}, [{ $set: { clock: { $add: ['$lastSeen', 8_000] } } }]);
    const found = (await wrongNow()).join('\n');
    for (const part of [
      /clocks: the clock is wrong of jobs .* by 8 s ahead/,
      'types: tasks wait of retired, which this catalog does not have',
      /signatures: 2 queued tasks would be rejected, such as ping/,
      `leases: 1 running task of dead roles (gone:1:a) wait to be rescued, such as ${expired}`,
      /pauses: ping is paused: 1 task queued, the oldest for 2 h/,
    ])
      expect(found).toMatch(part);
    await opened.queue.limits.override('ping', { concurrency: 2 }, { by: 'Ada' });
    expect((await run('doctor', 'doctor')).text).toMatch(
      /limits +ping has concurrency 2 instead of the catalog's, by Ada/,
    );
    await new CodePauses(opened.database.db, 'cronHistory').pause('clean up', 'Ada');
    expect((await run('doctor', 'doctor')).text).toMatch(/pauses +the schedule "clean up" is paused, by Ada/);
    await collection().dropIndex('due');
    expect((await wrongNow()).join('\n')).toContain('indexes: taskQueue.due: missing');
  } finally {
    await jobs.stop();
  }
  expect((await wrongNow()).join('\n')).toContain('roles: no jobs role lives');
});
