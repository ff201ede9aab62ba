import { withStackBelow } from '../../../infra/dev/running/stack-lines';

const line = '2026-11-21T15:04:05.123Z:tandem:task:burn:Ab3 ERROR failed after 12 ms: Error: no | such disk';
const below = (...stack: string[]) => withStackBelow([line, ...stack].join(' | '), '/work/app');

test("an app's frames are shown below the line, from the root of the checkout, and no others", () => {
  expect(
    below(
      'at parts (/work/app/imports/tasks/parts.ts:3:9)',
      'at Object.map (/work/app/node_modules/lodash/map.js:1:1)',
      'at async Object.handler4 (file:///work/app/imports/tasks/handlers/burn.ts:12:3)',
      'at /work/app/imports/tasks/handlers/burn.ts:8:1',
      'at async runTask (/work/app/infra/workers/process/run-task.ts:41:20)',
      'at process.processTicksAndRejections (node:internal/process/task_queues:95:5)',
    ),
  ).toEqual([
    line,
    '    at parts (imports/tasks/parts.ts:3:9)',
    '    at async handler (imports/tasks/handlers/burn.ts:12:3)',
    '    at imports/tasks/handlers/burn.ts:8:1',
  ]);
});

test('a cause keeps its message, above its own frames', () => {
  expect(
    below('at a (/work/app/imports/a.ts:1:1)', 'Caused by: Error: full', 'at b (/work/app/imports/b.ts:2:2)'),
  ).toEqual([line, '    at a (imports/a.ts:1:1)', '    Caused by: Error: full', '    at b (imports/b.ts:2:2)']);
});

test("the machinery's frames are shown where the app has none, and those of others where neither has one", () => {
  const foreign = 'at connect (node:net:1:2)';
  expect(below('at c (/work/app/infra/queue/c.ts:1:1)', foreign)).toEqual([line, '    at c (infra/queue/c.ts:1:1)']);
  expect(below(foreign)).toEqual([line, `    ${foreign}`]);
});

test('an endless stack is cut, and a line without one stays as it is', () => {
  const deep = Array.from({ length: 50 }, (_, n) => `at f (/work/app/imports/deep.ts:${n}:1)`);
  expect(below(...deep)).toHaveLength(1 + 8);
  expect(withStackBelow(line)).toEqual([line]);
  expect(withStackBelow('at noon we eat | at six')).toEqual(['at noon we eat | at six']);
});
