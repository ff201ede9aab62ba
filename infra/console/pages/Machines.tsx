import React from 'react';
import type { LiveTask, LiveWorker } from '../../link';
import type { ViewOf } from '../views';
import type { Act } from './ActionButton';
import { AskButton } from './Bulk';
import { KeepFocus } from './KeepFocus';
import type { PageProps } from './page-props';
import { addressOf, Link } from './route';
import { carryOut } from './session';
import { TableHead } from './TableHead';
import { Ago, durationText } from './time';
import { useView } from './view';

type Process = ViewOf<'machines'>['rows'][number];
type Live = NonNullable<Process['live']>;

/** Every process of both roles, its workers and what each does now. */
export function Machines({ act }: PageProps) {
  const { value, problem } = useView('machines');
  if (!value) return <p>{problem ?? 'Looking …'}</p>;
  return (
    <section aria-labelledby="machines">
      <h2 id="machines">Machines</h2>
      <KeepFocus>
        <ul className="console-cards wide">
          {value.rows.map(process => (
            <Machine key={process._id} process={process} act={act} />
          ))}
        </ul>
      </KeepFocus>
    </section>
  );
}

function Machine({ process, act }: { process: Process; act: Act }) {
  const { _id, role, host, pid, version, commit, state, isOld, startedAt, live, heldLoop = [] } = process;
  return (
    <li data-row={_id} className="console-card">
      <header>
        <h3>{role}</h3>
        <span>
          {host}, process {pid}
        </span>
        {state !== 'ready' && <em>{state}</em>}
        {isOld && <em>an earlier version</em>}
        {role === 'jobs' && live && <DrainButton id={_id} live={live} act={act} />}
      </header>
      <p className="console-figures">
        <span>
          {version} <code>{commit.slice(0, 7)}</code>
        </span>
        <span>
          up for <Ago at={startedAt} />
        </span>
        {live && <LoadFacts live={live} />}
        {role === 'jobs' && !live && <span>not linked up with this web role</span>}
      </p>
      {heldLoop.map(({ taskType, longestMs }) => (
        <p key={taskType} className="console-error">
          {taskType} has held its event loop for {longestMs} ms: it belongs in a worker
        </p>
      ))}
      {live && live.processes.length > 0 && (
        <Workers id={_id} name={`${role} ${pid}`} workers={live.processes} act={act} />
      )}
      {live && live.inRole.length > 0 && (
        <div>
          In the role itself <TaskList tasks={live.inRole} />
        </div>
      )}
    </li>
  );
}

function LoadFacts({ live: { enabled, busy, slots, load, types } }: { live: Live }) {
  const { eventLoopDelayMs, cpu, freeMemoryMb, paused } = load;
  return (
    <>
      <span>{enabled ? `${busy} of ${slots} slots busy` : 'workers are off'}</span>
      <span>takes {types} types</span>
      <span>event loop {Math.round(eventLoopDelayMs)} ms late</span>
      <span>load {cpu} a core</span>
      <span>{freeMemoryMb.toLocaleString()} MB free</span>
      {paused && <em>overloaded</em>}
    </>
  );
}

function DrainButton({ id, live, act }: { id: string; live: Live; act: Act }) {
  const running = live.processes.flatMap(({ tasks }) => tasks).length + live.inRole.length;
  const question = `Drain this role? ${running === 1 ? '1 task runs' : `${running} tasks run`} in it: they end within its grace period, or go back to the queue. The process ends then, and whatever keeps it running starts it again.`;
  return (
    <AskButton
      needs="admin"
      label="Drain"
      name={`Drain ${id}`}
      question={question}
      onYes={() => void act(`Drain ${id}`, () => carryOut('drainRole', id))}
    />
  );
}

interface WorkersProps {
  /** Of the role. */
  id: string;
  name: string;
  workers: readonly LiveWorker[];
  act: Act;
}

const columns = ['Worker', 'Runs now', 'Memory', 'CPU time', 'Finished', 'Up for', 'Action'];

function Workers({ id, name, workers, act }: WorkersProps) {
  return (
    <div className="console-table console-tasks">
      <table aria-label={`Workers of ${name}`}>
        <TableHead columns={columns} />
        <tbody>
          {workers.map(worker => (
            <WorkerRow key={worker.pid} id={id} worker={worker} act={act} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function WorkerRow({ id, worker, act }: { id: string; worker: LiveWorker; act: Act }) {
  const { pid, state, startedAt, finished, rss, cpuMs, tasks } = worker;
  const name = `Recycle worker ${pid}`;
  const what = tasks.length === 1 ? '1 task runs' : `${tasks.length} tasks run`;
  return (
    <tr>
      <th scope="row">
        {pid} {state !== 'busy' && <small>{state}</small>}
      </th>
      <td data-name="Runs now">{tasks.length > 0 ? <TaskList tasks={tasks} /> : '–'}</td>
      <td data-name="Memory">{rss > 0 ? `${Math.round(rss / 1_048_576)} MB` : '–'}</td>
      <td data-name="CPU time">{durationText(cpuMs)}</td>
      <td data-name="Finished">{finished.toLocaleString()}</td>
      <td data-name="Up for">
        <Ago at={startedAt} />
      </td>
      <td>
        {(state === 'idle' || state === 'busy') && (
          <AskButton
            needs="operator"
            label="Recycle"
            name={name}
            question={`Replace worker ${pid}? ${what} in it now: what has begun ends first, the rest goes to others.`}
            onYes={() => void act(name, () => carryOut('recycleWorker', { role: id, pid }))}
          />
        )}
      </td>
    </tr>
  );
}

const TaskList = ({ tasks }: { tasks: readonly LiveTask[] }) => (
  <>
    {tasks.map(({ taskId, taskType, startedAt, stopping }) => (
      <span key={taskId} className="console-count">
        <Link to={addressOf('tasks', taskId)}>{taskType}</Link>{' '}
        {startedAt ? (
          <>
            for <Ago at={startedAt} />
          </>
        ) : (
          'waits'
        )}
        {stopping && <em> was told to stop ({stopping})</em>}
      </span>
    ))}
  </>
);
