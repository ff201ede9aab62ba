import type { TaskError } from '../../queue/model/task';
import type { WorkerExit, WorkerProcess } from './worker-process';

type Dead = Pick<WorkerProcess, 'pid' | 'killedBecause' | 'stderr'>;

/** How a worker ended, in one line. */
export function describeExit({ killedBecause, stderr }: Dead, { code, signal, error }: WorkerExit): string {
  if (killedBecause) return killedBecause;
  if (error) return `${error.name}: ${error.message}`;
  const how = signal ? `ended by ${signal}` : `exited with code ${code}`;
  const words = lastWords(stderr);
  return words ? `${how}: ${words}` : how;
}

/** The error of a task whose worker ended in the middle of it. */
export function crashError(worker: Dead, exit: WorkerExit): TaskError {
  const message = `its worker (pid ${worker.pid}) ended in the middle of the task: ${describeExit(worker, exit)}`;
  return { name: 'WorkerCrash', message, ...(exit.error?.stack && { stack: exit.error.stack }) };
}

/** The line of stderr that says most: V8's last words, the error's own line, or whatever came last. */
function lastWords(stderr: readonly string[]): string | undefined {
  const lines = stderr.filter(line => line.trim() !== '');
  return (
    lines.find(line => line.startsWith('FATAL ERROR')) ??
    lines.findLast(line => /^\s*\w*(Error|Exception): /.test(line)) ??
    lines.findLast(line => !line.startsWith('Node.js v'))
  );
}
