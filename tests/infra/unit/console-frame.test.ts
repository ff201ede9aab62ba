import { viewKey } from '../../../infra/console/contract';
import { JobsPresence } from '../../../infra/console/views/jobs-presence';

const record = (_id: string, second: number, role = 'jobs') => ({ _id, role, lastSeen: new Date(second * 1_000) });

test('a jobs role whose link breaks is gone until the register has heard of it again', () => {
  const presence = new JobsPresence();
  expect(presence.living([record('a', 1)], new Set(['a']))).toBe(1);
  expect(presence.living([record('a', 1)], new Set())).toBe(0);
  expect(presence.living([record('a', 6)], new Set())).toBe(1);
  expect(presence.living([record('a', 6)], new Set(['a']))).toBe(1);
  expect(presence.living([record('a', 6)], new Set())).toBe(0);
});

test('a jobs role that was never linked here lives as long as the register has it', () => {
  const presence = new JobsPresence();
  expect(presence.living([record('far', 1), record('web', 1, 'web')], new Set())).toBe(1);
  expect(presence.living([], new Set())).toBe(0);
});

test('the same question to a view has one key, whatever the order of its parameters', () => {
  expect(viewKey('tasks', { a: 1, b: '2' })).toBe(viewKey('tasks', { b: '2', a: 1 }));
  expect(viewKey('tasks', { a: 1 })).not.toBe(viewKey('tasks', { a: '1' }));
});
