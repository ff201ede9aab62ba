import React, { useContext } from 'react';
import type { ShownProcess, ShownWorkers } from '../contract';
import type { PageProps } from './page-props';
import { Queue } from './Queue';
import { addressOf, Link } from './route';
import { useConsoleState } from './state';
import { TaskTable } from './TaskTable';
import { RefusedContext, useHeld } from './view';

/** Who is there to work, the queue, the tasks that run and the newest that failed. */
export function Overview({ act }: PageProps) {
  const state = useHeld(useConsoleState(useContext(RefusedContext)), 'overview');
  if (state.isLoading) return <p>Looking …</p>;
  return (
    <>
      <Roles processes={state.processes} workers={state.workers} />
      <Queue counts={state.counts} />
      <TaskTable title="Running tasks" tasks={state.running} act={act} when="Added" kind="runningTask" />
      <TaskTable title="Failed tasks" tasks={state.failures} act={act} when="Failed" kind="failedTask" />
    </>
  );
}

/** How many processes of each role there are, and how much of what they could do is in use. */
function Roles({ processes, workers }: { processes: readonly ShownProcess[]; workers: readonly ShownWorkers[] }) {
  const [busy, slots] = [sumOf(workers, 'busy'), sumOf(workers, 'slots')];
  const count = (role: string) => processes.filter(process => process.role === role).length;
  return (
    <p className="console-figures">
      <Link to={addressOf('machines')}>Machines</Link>
      <span>{count('web')} web</span>
      <span>{count('jobs')} jobs</span>
      <span>
        {busy} of {slots} slots busy
      </span>
      {workers.some(({ load }) => load.paused) && <em>overloaded</em>}
    </p>
  );
}

const sumOf = (workers: readonly ShownWorkers[], what: 'busy' | 'slots') =>
  workers.reduce((sum, one) => sum + one[what], 0);
