import ts from 'typescript';
import { taskAsTest } from '../../../infra/console/pages/task-as-test';

test('a task as a test is TypeScript with its payload and its error', () => {
  const error = { name: 'Error', message: 'no such\nfile `x`' };
  const text = taskAsTest({ _id: 'a"b', taskType: 'burn', payload: '{\n  "seconds": 3\n}', error });
  const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true });
  expect(diagnostics).toEqual([]);
  expect(text).toContain('taskOf("burn", {\n    "seconds": 3');
  expect(text).toContain('// It has failed with Error: no such file');
});
