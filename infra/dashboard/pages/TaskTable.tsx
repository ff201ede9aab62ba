import React from 'react';
import type { ShownTask } from '../contract';
import type { Act } from './act';
import { call } from './session';

const actionsByName = {
  retry: { word: 'Retry', method: 'console.retryTask' },
  replay: { word: 'Replay', method: 'console.replayTask' },
  cancel: { word: 'Cancel', method: 'console.cancelTask' },
} as const;

interface TaskTableProps {
  title: string;
  tasks: ShownTask[];
  act: Act;
  actions: (keyof typeof actionsByName)[];
}

/** Tasks with what can be done about them. */
export function TaskTable({ title, tasks, act, actions }: TaskTableProps) {
  const id = title.toLowerCase().replaceAll(' ', '-');
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {tasks.length === 0 && <p className="console-none">None.</p>}
      {tasks.length > 0 && (
        <div className="console-table">
          <table>
            <thead>
              <tr>
                <th scope="col">Task</th>
                <th scope="col">Type</th>
                <th scope="col">State</th>
                <th scope="col" className="number">
                  Attempts
                </th>
                <th scope="col">Error</th>
                <th scope="col">When</th>
                <th scope="col">Action</th>
              </tr>
            </thead>
            <tbody>
              {tasks.map(task => (
                <tr key={task._id}>
                  <td>
                    <code>{task._id}</code>
                  </td>
                  <td>{task.taskType}</td>
                  <td>{task.state}</td>
                  <td className="number">{task.attempts}</td>
                  <td className="console-error">{task.error && `${task.error.name}: ${task.error.message}`}</td>
                  <td>{(task.finishedAt ?? task.createdAt).toLocaleTimeString()}</td>
                  <td>
                    {actions.map(action => (
                      <TaskAction key={action} action={action} id={task._id} act={act} />
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function TaskAction({ action, id, act }: { action: keyof typeof actionsByName; id: string; act: Act }) {
  const { word, method } = actionsByName[action];
  return (
    <button type="button" onClick={() => act(`${word} ${id}`, () => call(method, id))}>
      {word}
    </button>
  );
}
