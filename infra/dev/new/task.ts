import type { Change, Recipe } from './changes';
import type { Name } from './name';

/** A new task type: its declaration, its code, its line in the registry, its test. */
export function newTask(name: Name): Recipe {
  return {
    changes: [
      declaration(
        name,
        `    payload: { subject: String },
    priority: Priority.medium,
    attempts: 3,
    timeout: 60_000,`,
      ),
      registration(name),
      { file: `imports/tasks/handlers/${name.kebab}.ts`, text: handler(name) },
      { file: `tests/app/handlers-${name.kebab}.test.ts`, text: test(name) },
    ],
    next: [
      `imports/tasks/catalog.ts: what its payload holds, how often it is tried and how long it may take`,
      `imports/tasks/handlers/${name.kebab}.ts: what it does`,
      `where it is wanted: await TaskQueue.addTask({ taskType: '${name.camel}', data: { subject: '…' } })`,
    ],
  };
}

/** The entry in the catalog, with these options. */
export function declaration({ camel, words }: Name, options: string): Change {
  return {
    file: 'imports/tasks/catalog.ts',
    insert: `
  /** What "${words}" does, in one sentence. */
  ${camel}: {
${options}
  },
`,
    at: { before: /^\}\);\n\nexport type Catalog/ },
    unless: new RegExp(`^ {2}${camel}: \\{`, 'm'),
  };
}

/** The line by which a worker finds the handler. */
export function registration({ camel, kebab }: Name): Change {
  return {
    file: 'imports/tasks/handlers/index.ts',
    insert: `  ${camel}: () => import('./${kebab}'),\n`,
    at: { before: /^\} satisfies Handlers/ },
    unless: new RegExp(`^ {2}${camel}:`, 'm'),
  };
}

const handler = ({ camel, words }: Name) => `import type { Handler } from '../../../infra/workers/handler';

/** What "${words}" does, in one sentence. It may run twice: \`context.idempotencyKey\` makes that harmless. */
export const handler: Handler<'${camel}'> = async (task, context) => {
  context.signal.throwIfAborted();
  context.progress(1, 'done');
  return { subject: task.data.subject };
};
`;

const test = ({ camel, words }: Name) => `import { type TestDatabase, testDatabase } from '../support/database';
import { HandlerAttempt, taskOf } from '../support/handler-attempt';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

test('does "${words}" and says what came out', async () => {
  const attempt = new HandlerAttempt(database.db, taskOf('${camel}', { subject: 'an example' }));
  expect(await attempt.outcome()).toMatchObject({ kind: 'done', value: { subject: 'an example' } });
  expect(attempt.progress.at(-1)).toBe(1);
});

test('stops when it is cancelled', async () => {
  const attempt = new HandlerAttempt(database.db, taskOf('${camel}', { subject: 'an example' }));
  attempt.cancel();
  expect(await attempt.outcome()).toMatchObject({ kind: 'aborted', reason: 'cancelled' });
});
`;
