import React from 'react';
import { actionsOn } from '../actions';
import type { ShownTask } from '../contract';
import { type Act, ActionButton } from './ActionButton';
import { KeepFocus } from './KeepFocus';
import { Ago } from './time';

interface TaskTableProps {
  title: string;
  tasks: ShownTask[];
  act: Act;
  /** What the date in each row is that of. */
  when: 'Added' | 'Failed';
  kind: 'runningTask' | 'failedTask';
}

/** Tasks with what can be done about them. */
export function TaskTable({ title, tasks, act, when, kind }: TaskTableProps) {
  const id = title.toLowerCase().replaceAll(' ', '-');
  return (
    <section aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {tasks.length === 0 && <p className="console-none">None.</p>}
      {tasks.length > 0 && (
        <KeepFocus>
          <div className="console-table console-tasks">
            <table>
              <thead>
                <tr>
                  <th scope="col">Task</th>
                  <th scope="col">Type</th>
                  <th scope="col" className="number">
                    {attemptsWord(when)}
                  </th>
                  {when === 'Failed' && <th scope="col">Error</th>}
                  <th scope="col">{when}</th>
                  <th scope="col">Action</th>
                </tr>
              </thead>
              <tbody>
                {tasks.map(task => (
                  <TaskRow key={task._id} task={task} act={act} when={when} kind={kind} />
                ))}
              </tbody>
            </table>
          </div>
        </KeepFocus>
      )}
    </section>
  );
}

/** The attempt that is under way does not count yet. */
const attemptsWord = (when: TaskTableProps['when']) => (when === 'Failed' ? 'Attempts' : 'Attempts before');

function TaskRow({ task, act, when, kind }: Omit<TaskTableProps, 'title' | 'tasks'> & { task: ShownTask }) {
  const { _id, taskType, attempts, error, createdAt, finishedAt } = task;
  const date = (when === 'Failed' && finishedAt) || createdAt;
  return (
    <tr data-row={_id}>
      <th scope="row">
        <code>{_id}</code>
      </th>
      <td data-name="Type">{taskType}</td>
      <td data-name={attemptsWord(when)} className="number">
        {attempts}
      </td>
      {when === 'Failed' && <td className="console-error">{error && `${error.name}: ${error.message}`}</td>}
      <td data-name={when}>
        <Ago at={date} />
      </td>
      <td>
        {actionsOn(kind).map(action => (
          <ActionButton key={action} action={action} target={_id} act={act} />
        ))}
      </td>
    </tr>
  );
}
