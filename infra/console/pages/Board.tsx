import React, { useState } from 'react';
import type { Act } from './ActionButton';
import { Processes } from './Processes';
import { Queue } from './Queue';
import { Schedules } from './Schedules';
import { reasonOf } from './session';
import { useConsoleState } from './state';
import { TaskTable } from './TaskTable';

/** Everything that an operator sees and does, on one page. */
export function Board({ onRefused }: { onRefused: () => void }) {
  const state = useConsoleState(onRefused);
  const [said, setSaid] = useState('');
  const act: Act = (what, action) => {
    setSaid(`${what} …`);
    action().then(
      () => setSaid(`${what}: done`),
      error => setSaid(`${what}: ${reasonOf(error)}`),
    );
  };
  if (state.isLoading) return <p>Looking …</p>;
  return (
    <>
      <p className="console-said" role="status">
        {said}
      </p>
      <Queue counts={state.counts} act={act} />
      <TaskTable title="Running tasks" tasks={state.running} act={act} when="Added" kind="runningTask" />
      <TaskTable title="Failed tasks" tasks={state.failures} act={act} when="Failed" kind="failedTask" />
      <Schedules schedules={state.schedules} act={act} />
      <Processes processes={state.processes} workers={state.workers} />
    </>
  );
}
