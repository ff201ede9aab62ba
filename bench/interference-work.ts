import { cpus } from 'node:os';
import { join } from 'node:path';
import { root } from '../infra/dev/root';
import { eventually } from '../tests/support/eventually';
import type { ForeignClient } from '../tests/support/foreign-ddp';
import { startProcess } from '../tests/support/processes';

const patiently = { timeoutMs: 300_000 };

/** Tasks that each keep a core busy; resolves when as many run as there are cores. */
export async function burn(visitor: ForeignClient, seconds: number, tasks: number): Promise<void> {
  await visitor.call('burn.start', { seconds, tasks });
  const running = () => visitor.list('visitorTasks').filter(({ state }) => state === 'running').length;
  await eventually(() => running() >= Math.min(tasks, cpus().length));
}

/** A report, from the visitor's wish to the file. On a fresh database a worker writes as many sales first. */
export async function buildReport(visitor: ForeignClient, rows: number): Promise<void> {
  const id = await visitor.call<string>('reports.build', { rows });
  await eventually(() => {
    const { state, error } = visitor.list('visitorTasks').find(({ _id }) => _id === id) ?? {};
    if (state === 'failed') throw new Error(`the report failed: ${JSON.stringify(error)}`);
    return state === 'done';
  }, patiently);
}

/** Adds many tasks at once, as another process does: none of them runs, and they are removed again. */
export async function addInBulk(mongoUrl: string, count: number): Promise<void> {
  const program = join(root, 'bench', 'interference-add.ts');
  const env = { ...process.env, MONGO_URL: mongoUrl };
  const adding = startProcess(process.execPath, ['--require', 'tsx/cjs', program, String(count)], { cwd: root, env });
  if ((await adding.ended) !== 0) throw new Error(`the tasks could not be added:\n${adding.output}`);
}
