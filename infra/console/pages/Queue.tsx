import React from 'react';
import type { ShownCount } from '../contract';
import { type Act, ActionButton } from './ActionButton';

const states = ['scheduled', 'waiting', 'queued', 'running', 'done', 'failed', 'cancelled', 'rejected'] as const;

/** How many tasks of each type are in each state, and a switch for each type. */
export function Queue({ counts, act }: { counts: ShownCount[]; act: Act }) {
  const allPaused = counts.some(({ pausedWithAll }) => pausedWithAll);
  return (
    <section aria-labelledby="queue">
      <h2 id="queue">Queue</h2>
      <div className="console-actions">
        <ActionButton action="pause" target={null} act={act} />
        <ActionButton action="resume" target={null} act={act} />
        {allPaused && <em>Everything is paused.</em>}
      </div>
      <div className="console-table">
        <table>
          <thead>
            <tr>
              <th scope="col">Task type</th>
              {states.map(state => (
                <th key={state} scope="col" className="number">
                  {state}
                </th>
              ))}
              <th scope="col">Action</th>
            </tr>
          </thead>
          <tbody>
            {counts.map(count => (
              <CountRow key={count._id} count={count} act={act} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function CountRow({ count, act }: { count: ShownCount; act: Act }) {
  const { _id: taskType, paused, pausedWithAll, untaken } = count;
  return (
    <tr>
      <th scope="row">
        {taskType} {paused && <em>paused</em>} {untaken && <em>no role takes it</em>}
      </th>
      {states.map(state => (
        <td key={state} className="number">
          {count[state].toLocaleString()}
        </td>
      ))}
      <td>
        <ActionButton action={paused ? 'resume' : 'pause'} target={taskType} act={act} disabled={pausedWithAll} />
      </td>
    </tr>
  );
}
