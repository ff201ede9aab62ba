import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Change, Recipe } from './changes';
import type { Name } from './name';
import { declaration, registration } from './task';

/** A new schedule and the task that it adds: a schedule does no work itself. */
export function newSchedule(name: Name, root: string): Recipe {
  return {
    changes: [
      {
        file: 'imports/schedules.ts',
        insert: entry(name),
        at: { before: /^\}\n$/ },
        unless: new RegExp(`name: '${name.words}'`),
      },
      ...importOfAddsTask(root),
      declaration(
        name,
        `    payload: {},
    priority: Priority.medium,
    attempts: 5,
    timeout: 60_000,`,
      ),
      registration(name),
      { file: `imports/tasks/handlers/${name.kebab}.ts`, text: handler(name) },
      { file: `tests/app/handlers-${name.kebab}.test.ts`, text: handlerTest(name) },
      { file: `tests/app/schedule-${name.kebab}.test.ts`, text: scheduleTest(name) },
    ],
    next: [
      'imports/schedules.ts: when it is due ("at 3:00 am" is once a day; docs/schedules.md)',
      `imports/tasks/handlers/${name.kebab}.ts: what it does`,
      `tests/app/schedule-${name.kebab}.test.ts: the moment that it is due at`,
    ],
  };
}

/** The first entry of its kind brings the import that they all use. */
function importOfAddsTask(root: string): Change[] {
  const file = 'imports/schedules.ts';
  const line = "import { addsTask } from '../infra/queue/adds-task';\n";
  return readFileSync(join(root, file), 'utf8').includes(line) ? [] : [{ file, insert: line, at: { after: /^/ } }];
}

const entry = ({ camel, words }: Name) => `
  cron.add({
    name: '${words}',
    schedule: parser => parser.text('at 3:00 am'),
    job: addsTask({ taskType: '${camel}', data: {} }),
  });
`;

const handler = ({ camel, words }: Name) => `import type { Handler } from '../../../infra/workers/handler';

/** What "${words}" does, in one sentence. It may run twice: \`task.dueDate\` is the same each time, the clock is not. */
export const handler: Handler<'${camel}'> = async (task, context) => {
  context.signal.throwIfAborted();
  return { due: task.dueDate.toISOString() };
};
`;

const handlerTest = ({ camel, words }: Name) => `import { type TestDatabase, testDatabase } from '../support/database';
import { HandlerAttempt, taskOf } from '../support/handler-attempt';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

test('does "${words}" for the moment that it was due at', async () => {
  const dueDate = new Date('2026-03-01T03:00:00Z');
  const attempt = new HandlerAttempt(database.db, taskOf('${camel}', {}, { dueDate }));
  expect(await attempt.outcome()).toMatchObject({ kind: 'done', value: { due: dueDate.toISOString() } });
});
`;

const scheduleTest = ({ camel, words }: Name) => `import { addSchedules } from '../../imports/schedules';
import { catalog } from '../../imports/tasks/catalog';
import { TaskQueue } from '../../infra/queue';
import { Crons } from '../support/cron';
import { eventually } from '../support/eventually';
import { FakeClock } from '../support/fake-clock';

const due = new Date('2026-03-01T03:00:00Z');

let crons: Crons;
beforeAll(async () => {
  crons = await Crons.open();
  TaskQueue.declare(catalog);
  const sender = { appId: 'test', version: '1', rootUrl: 'http://localhost' };
  await TaskQueue.connect({ db: crons.database.db, sender });
});
afterAll(() => crons.close());

test('adds its task when "${words}" is due', async () => {
  const clock = new FakeClock(due.getTime() - 1);
  const cron = crons.add({}, clock);
  addSchedules(cron);
  await cron.start();
  await clock.pass(2);
  await eventually(async () => (await crons.history('${words}'))[0]?.finishedAt);
  expect(await TaskQueue.find({ taskType: '${camel}' }).fetchAsync()).toMatchObject([{ dueDate: due }]);
});
`;
