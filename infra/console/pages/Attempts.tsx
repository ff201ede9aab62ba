import React, { useState } from 'react';
import type { ShownLog } from '../contract';
import type { ShownDetails } from '../views/task';
import { call, reasonOf } from './session';
import { useNow } from './state';
import { durationText } from './time';

interface Bar {
  from: number;
  to: number;
  outcome: string;
  owner: string;
  why?: string;
  lines?: number;
  startedAt: Date;
}

function barsOf({ attempts, state, claimedAt, owner = '' }: ShownDetails, now: number): Bar[] {
  const ended = attempts.map(({ startedAt, finishedAt, outcome, workerPid, error, why, ...attempt }) => ({
    from: startedAt.getTime(),
    to: finishedAt.getTime(),
    outcome,
    startedAt,
    owner: workerPid === undefined ? attempt.owner : `${attempt.owner}, worker ${workerPid}`,
    ...(error && { why: `${error.name}: ${error.message}` }),
    ...(why !== undefined && { why }),
    ...(attempt.lines !== undefined && { lines: attempt.lines }),
  }));
  if (state !== 'running' || !claimedAt) return ended;
  return [...ended, { from: claimedAt.getTime(), to: now, outcome: 'running', owner, startedAt: claimedAt }];
}

/** Each attempt as a bar: how long it waited before, how long it ran, where, how it ended, and what it wrote. */
export function Attempts({ task }: { task: ShownDetails }) {
  const bars = barsOf(task, useNow());
  const dueAt = Math.max(task.createdAt.getTime(), bars.length > 0 ? 0 : task.dueDate.getTime());
  const longest = Math.max(1, ...bars.map(({ from, to }, n) => to - (bars[n - 1]?.to ?? Math.min(dueAt, from))));
  return (
    <section aria-labelledby="attempts">
      <h3 id="attempts">Attempts</h3>
      {bars.length === 0 && <p className="console-none">None yet.</p>}
      <ol className="console-attempts">
        {bars.map((bar, n) => (
          <Attempt
            key={bar.from}
            taskId={task._id}
            number={n + 1}
            bar={bar}
            waitedMs={Math.max(0, bar.from - (bars[n - 1]?.to ?? Math.min(dueAt, bar.from)))}
            longestMs={longest}
          />
        ))}
      </ol>
    </section>
  );
}

interface AttemptProps {
  taskId: string;
  number: number;
  bar: Bar;
  waitedMs: number;
  longestMs: number;
}

function Attempt({ taskId, number, bar, waitedMs, longestMs }: AttemptProps) {
  const ranMs = Math.max(0, bar.to - bar.from);
  const width = (ms: number) => ({ width: `${(100 * ms) / longestMs}%` });
  return (
    <li>
      <p>
        <strong>{number}</strong> <span className={`console-state ${bar.outcome}`}>{bar.outcome}</span> waited{' '}
        {durationText(waitedMs)}, ran {durationText(ranMs)} <span className="console-none">at {bar.owner}</span>
      </p>
      <div className="console-bar" aria-hidden="true">
        <span className="waited" style={width(waitedMs)} />
        <span className={`ran ${bar.outcome}`} style={width(ranMs)} />
      </div>
      {bar.why && <p className="console-error">{bar.why}</p>}
      {bar.lines !== undefined && <Log taskId={taskId} startedAt={bar.startedAt} lines={bar.lines} />}
    </li>
  );
}

/** What an attempt wrote, asked for when somebody wants to read it. */
function Log({ taskId, startedAt, lines }: { taskId: string; startedAt: Date; lines: number }) {
  const [log, setLog] = useState<ShownLog>();
  const [problem, setProblem] = useState<string>();
  const read = () =>
    call('console.attemptLog', taskId, startedAt).then(
      found => (found ? setLog(found) : setProblem('Its log is gone.')),
      error => setProblem(reasonOf(error)),
    );
  return (
    <details onToggle={event => event.currentTarget.open && !log && void read()}>
      <summary>Log: {lines} lines</summary>
      {problem && <p role="alert">{problem}</p>}
      {log && (
        <pre className="console-log">
          {log.dropped > 0 && `… ${log.dropped} lines before these were not kept\n`}
          {log.lines.map(({ at, level, stream, text, fields = '' }) =>
            [at.toISOString().slice(11, 23), level ?? stream ?? '', text, fields].join(' ').trimEnd().concat('\n'),
          )}
        </pre>
      )}
    </details>
  );
}

/** The states that a task came through, with when. */
export function TaskPath({ task }: { task: ShownDetails }) {
  const { createdAt, dueDate, attempts, claimedAt, state, finishedAt } = task;
  const first = attempts[0]?.startedAt ?? (state === 'running' ? claimedAt : undefined);
  const steps: { name: string; at?: Date }[] = [
    { name: 'added', at: createdAt },
    ...(dueDate > createdAt && attempts.length === 0 ? [{ name: 'due', at: dueDate }] : []),
    ...(first ? [{ name: attempts.length > 1 ? `${attempts.length} attempts, first` : 'begun', at: first }] : []),
    { name: state, ...(finishedAt ? { at: finishedAt } : {}) },
  ];
  return (
    <ol className="console-path" aria-label="Its path through the states">
      {steps.map(({ name, at }, n) => (
        <li key={name} aria-current={n === steps.length - 1 ? 'step' : undefined}>
          <span className={`console-state ${name}`}>{name}</span>
          {at && <time dateTime={at.toISOString()}>{at.toLocaleString()}</time>}
        </li>
      ))}
    </ol>
  );
}
