import type { ShownDetails } from '../views/task';

/** A ready Jest file, for tests/app: runs the handler with this payload, and expects that it no longer fails so. */
export function taskAsTest({
  _id,
  taskType,
  payload,
  error,
}: Pick<ShownDetails, '_id' | 'taskType' | 'payload' | 'error'>): string {
  const name = JSON.stringify(`${taskType} does what task ${_id} asked for`);
  const failure = error ? `\n// It has failed with ${oneLine(`${error.name}: ${error.message}`)}` : '';
  return `import { type TestDatabase, testDatabase } from '../support/database';
import { HandlerAttempt, taskOf } from '../support/handler-attempt';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());
${failure}
test(${name}, async () => {
  const task = taskOf(${JSON.stringify(taskType)}, ${payload.replaceAll('\n', '\n  ')});
  const attempt = new HandlerAttempt(database.db, task);
  expect(await attempt.outcome()).toMatchObject({ kind: 'done' });
});
`;
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ');
