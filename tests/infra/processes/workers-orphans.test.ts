import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { eventually } from '../../support/eventually';
import { buildFaultWorker } from '../../support/fault-task-pool';
import { isAlive, TestProcess } from '../../support/processes';
import { root } from '../../support/run';

const roles: TestProcess[] = [];
afterEach(() => {
  for (const { pid } of roles.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
});

async function startRole(): Promise<{ role: TestProcess; workers: number[] }> {
  const { file } = await buildFaultWorker();
  const args = ['--require', 'tsx/cjs', join(root, 'tests/support/fault-task-role.ts'), file];
  const role = new TestProcess(spawn(process.execPath, args, { cwd: root, detached: true }));
  roles.push(role);
  const [, pids] = await role.says(/workers ([\d ]+)/);
  return { role, workers: pids!.trim().split(' ').map(Number) };
}

test('kill -9 of the role leaves no worker: neither an idle one, nor one that never gives its event loop back', async () => {
  const { role, workers } = await startRole();
  expect(workers).toHaveLength(3);
  process.kill(role.pid, 'SIGKILL');
  await eventually(() => !workers.some(isAlive));
});

test('Ctrl-C in the terminal, which reaches the whole group, ends no worker: that is for the role to decide', async () => {
  const { role, workers } = await startRole();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) for (const pid of workers) process.kill(pid, signal);
  const [busy] = workers;
  // The signals of a process arrive in their order: when the last one has been acted upon, so have the others.
  process.kill(busy!, 'SIGKILL');
  await eventually(() => !isAlive(busy!));
  expect(workers.slice(1).every(isAlive)).toBe(true);
  process.kill(role.pid, 'SIGKILL');
  await eventually(() => !workers.some(isAlive));
});
