import React, { type FormEvent, useContext, useState } from 'react';
import { type ActionName, covers } from '../actions';
import type { ShownDetails } from '../views/task';
import { type Act, ActionButton, RoleContext } from './ActionButton';
import { Attempts, TaskPath } from './Attempts';
import { AskButton } from './Bulk';
import type { PageProps } from './page-props';
import { addressOf, Link, navigate } from './route';
import { carryOut, reasonOf } from './session';
import { Progress, State } from './TaskState';
import { taskAsTest } from './task-as-test';
import { Ago } from './time';
import { useView } from './view';

/** What can be done to a task in a state. */
const actionsIn: Partial<Record<ShownDetails['state'], ActionName[]>> = {
  failed: ['retryTask', 'replayTask'],
  cancelled: ['retryTask', 'replayTask'],
  rejected: ['retryTask'],
  done: ['replayTask'],
  scheduled: ['runNow', 'raiseTask', 'snoozeTask', 'cancelTask'],
  waiting: ['raiseTask', 'snoozeTask', 'cancelTask'],
  queued: ['raiseTask', 'snoozeTask', 'cancelTask'],
  running: ['cancelTask'],
};

/** All that is known of one task, and what can be done about it. */
export function Task({ id, act }: PageProps & { id: string }) {
  const { value, problem } = useView('task', { id });
  if (problem) return <p role="alert">{problem}</p>;
  if (!value) return <p className="console-none">Looking …</p>;
  const { task, explanation } = value;
  if (!task)
    return (
      <p>
        There is no task <code>{id}</code>, or no longer. <Link to={addressOf('tasks')}>To the tasks</Link>
      </p>
    );
  return (
    <article className="console-task" aria-labelledby="task">
      <header>
        <h2 id="task">
          {task.taskType} <State of={task.state} />
        </h2>
        <code>{task._id}</code>
        <Actions task={task} act={act} />
      </header>
      {explanation && (
        <section aria-labelledby="why" className="console-why">
          <h3 id="why">Why it waits</h3>
          <ul>
            {explanation.reasons.map(({ text }) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </section>
      )}
      {task.state === 'running' && task.progress && <Progress {...task.progress} />}
      {task.error && <TaskErrorPart error={task.error} />}
      <TaskPath task={task} />
      <Attempts task={task} />
      <Payload task={task} />
      {task.result !== undefined && <Json title="Result" text={task.result} />}
      <Facts task={task} />
      <section aria-labelledby="test">
        <details>
          <summary>
            <h3 id="test">As a test</h3>
          </summary>
          <CopyButton text={taskAsTest(task)} />
          <pre>{taskAsTest(task)}</pre>
        </details>
      </section>
    </article>
  );
}

function Actions({ task: { _id, state }, act }: { task: ShownDetails; act: Act }) {
  const canAct = covers(useContext(RoleContext), 'operator');
  const remove = () =>
    void act(`Delete ${_id}`, () => carryOut('removeTask', _id)).then(() => navigate(addressOf('tasks')));
  return (
    <div className="console-actions">
      {(actionsIn[state] ?? []).map(action => (
        <ActionButton key={action} action={action} target={_id} act={act} />
      ))}
      {canAct && state !== 'running' && (
        <AskButton label="Delete" question={`Delete ${_id} for good?`} onYes={remove} />
      )}
    </div>
  );
}

function TaskErrorPart({ error }: { error: NonNullable<ShownDetails['error']> }) {
  return (
    <section aria-labelledby="error">
      <h3 id="error">Error</h3>
      <p className="console-error">
        {error.name}: {error.message}
      </p>
      {error.stack && <pre className="console-stack">{error.stack}</pre>}
      {error.fingerprint && <Link to={addressOf('errors', error.fingerprint)}>All of this error</Link>}
    </section>
  );
}

function Json({ title, text }: { title: string; text: string }) {
  const id = title.toLowerCase();
  return (
    <section aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      <pre>{text}</pre>
    </section>
  );
}

const replayable = ['done', 'failed', 'cancelled'];

/** The payload, and its replay with another one: the server checks that against the schema. */
function Payload({ task }: { task: ShownDetails }) {
  const { _id, state, payload, payloadIsWhole, hidden, typeIsKnown, fields } = task;
  const canAct = covers(useContext(RoleContext), 'operator');
  const [draft, setDraft] = useState<string>();
  const [answer, setAnswer] = useState<{ problem?: string; newId?: string }>({});
  const replay = (event: FormEvent) => {
    event.preventDefault();
    carryOut('replayMended', { id: _id, payload: draft ?? '' }).then(
      newId => {
        setAnswer({ newId: String(newId) });
        setDraft(undefined);
      },
      error => setAnswer({ problem: reasonOf(error) }),
    );
  };
  return (
    <section aria-labelledby="payload">
      <h3 id="payload">Payload</h3>
      {draft === undefined && <pre>{payload}</pre>}
      {!typeIsKnown && (
        <p>The catalog has no task type {task.taskType}: nobody knows what it hides, so all of it is hidden.</p>
      )}
      {draft !== undefined && (
        <form className="console-payload" onSubmit={replay}>
          <label htmlFor="draft">
            Payload of the replay, as JSON. Its fields: {fields.join(', ') || 'none'}.
            {hidden.length > 0 && ` Hidden, and kept as they are unless you write another value: ${hidden.join(', ')}.`}
          </label>
          <textarea
            id="draft"
            value={draft}
            rows={Math.min(24, draft.split('\n').length + 1)}
            spellCheck={false}
            aria-invalid={answer.problem !== undefined}
            aria-describedby="draft-problem"
            onChange={event => setDraft(event.target.value)}
          />
          <div className="console-actions">
            <button type="submit" className="main">
              Replay with this payload
            </button>
            <button type="button" onClick={() => setDraft(undefined)}>
              Leave it
            </button>
          </div>
        </form>
      )}
      <p id="draft-problem" role="alert">
        {answer.problem}
      </p>
      {answer.newId && (
        <p role="status">
          It was added anew: <Link to={addressOf('tasks', answer.newId)}>{answer.newId}</Link>
        </p>
      )}
      {draft === undefined && canAct && payloadIsWhole && typeIsKnown && replayable.includes(state) && (
        <button type="button" onClick={() => setDraft(payload)}>
          Edit and replay
        </button>
      )}
    </section>
  );
}

function Facts({ task }: { task: ShownDetails }) {
  const link = (id: string) => <Link to={addressOf('tasks', id)}>{id}</Link>;
  const facts: [string, React.ReactNode][] = [
    ['Added', <Ago key="at" at={task.createdAt} />],
    ['By', task.sender],
    ['Priority', task.priority],
    ['Due', <Ago key="due" at={task.dueDate} />],
    ['Deadline', task.deadline && <Ago at={task.deadline} />],
    ['Key', task.uniqueKey],
    ['Tags', task.tags?.join(', ')],
    ['Replay of', task.origin && link(task.origin)],
    ['Comes after', task.after?.map(id => <span key={id}>{link(id)} </span>)],
    ['Batch', task.batch],
    ['Comes after batch', task.afterBatch],
    ['Kept until', task.expiresAt?.toLocaleString()],
  ];
  return (
    <section aria-labelledby="facts">
      <h3 id="facts">More</h3>
      <dl className="console-facts">
        {facts
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
      </dl>
    </section>
  );
}

function CopyButton({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  // Over plain HTTP a browser gives no clipboard: the text can be selected.
  if (!navigator.clipboard) return null;
  const copy = () => void navigator.clipboard.writeText(text).then(() => setCopied(true));
  return (
    <button type="button" onClick={copy}>
      {copied ? 'Copied' : 'Copy'}
    </button>
  );
}
