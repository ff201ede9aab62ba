import React from 'react';
import type { ShownProcess, ShownWorkers } from '../contract';

/** Every process of both roles, and the workers of those that are linked up. */
export function Processes({ processes, workers }: { processes: ShownProcess[]; workers: ShownWorkers[] }) {
  return (
    <section aria-labelledby="processes">
      <h2 id="processes">Processes</h2>
      <div className="console-table">
        <table>
          <thead>
            <tr>
              <th scope="col">Role</th>
              <th scope="col">Host</th>
              <th scope="col" className="number">
                PID
              </th>
              <th scope="col">State</th>
              <th scope="col">Version</th>
              <th scope="col">Up since</th>
              <th scope="col">Workers</th>
              <th scope="col">Event loop</th>
            </tr>
          </thead>
          <tbody>
            {processes.map(process => (
              <ProcessRow
                key={process._id}
                process={process}
                workers={workers.find(({ _id }) => _id === process._id)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function ProcessRow({ process, workers }: { process: ShownProcess; workers: ShownWorkers | undefined }) {
  return (
    <tr>
      <th scope="row">{process.role}</th>
      <td>{process.host}</td>
      <td className="number">{process.pid}</td>
      <td>{process.state}</td>
      <td>
        {process.version} <code>{process.commit.slice(0, 7)}</code>
      </td>
      <td>{process.startedAt.toLocaleString()}</td>
      <td>{workers ? describeWorkers(workers) : ''}</td>
      <td>{[...(workers ? [`${workers.load.eventLoopDelayMs} ms late`] : []), ...describeHeld(process)].join('; ')}</td>
    </tr>
  );
}

/** A handler that computes in the role itself belongs into a worker. */
function describeHeld({ heldLoop = [] }: ShownProcess): string[] {
  return heldLoop.map(({ taskType, longestMs }) => `${taskType} held it for ${longestMs} ms`);
}

function describeWorkers({ enabled, workers, busy, slots, load }: ShownWorkers): string {
  if (!enabled) return 'off';
  return `${workers} ${workers === 1 ? 'worker' : 'workers'}, ${busy} of ${slots} slots busy${load.paused ? ', overloaded' : ''}`;
}
