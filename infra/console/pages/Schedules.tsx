import React from 'react';
import type { ShownSchedule } from '../contract';
import { type Act, ActionButton } from './ActionButton';

/** The cron schedules of the jobs role, each with its next run. */
export function Schedules({ schedules, act }: { schedules: ShownSchedule[]; act: Act }) {
  return (
    <section aria-labelledby="schedules">
      <h2 id="schedules">Schedules</h2>
      {schedules.length === 0 && <p className="console-none">None can be seen: no jobs role is linked up.</p>}
      <ul className="console-list">
        {schedules.map(({ _id: name, nextAt }) => (
          <li key={name}>
            <strong>{name}</strong> <span>{nextAt ? `next at ${nextAt.toLocaleString()}` : 'not due again'}</span>
            <ActionButton action="runSchedule" target={name} act={act} />
          </li>
        ))}
      </ul>
    </section>
  );
}
