import React from 'react';
import type { ShownCount } from '../contract';
import { addressOf, Link } from './route';

const states = ['scheduled', 'waiting', 'queued', 'running', 'done', 'failed', 'cancelled', 'rejected'] as const;

/** How many tasks of each type are in each state. */
export function Queue({ counts }: { counts: ShownCount[] }) {
  return (
    <section aria-labelledby="queue">
      <h2 id="queue">Queue</h2>
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
            </tr>
          </thead>
          <tbody>
            {counts.map(count => (
              <CountRow key={count._id} count={count} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function CountRow({ count }: { count: ShownCount }) {
  const { _id: taskType, paused, untaken } = count;
  return (
    <tr>
      <th scope="row">
        <Link to={addressOf('types')}>{taskType}</Link> {paused && <em>paused</em>}{' '}
        {untaken && <em>no role takes it</em>}
      </th>
      {states.map(state => (
        <td key={state} className="number">
          {count[state].toLocaleString()}
        </td>
      ))}
    </tr>
  );
}
