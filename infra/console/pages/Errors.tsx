import React, { useContext } from 'react';
import { type ActionName, covers } from '../actions';
import type { ViewOf } from '../views';
import { type Act, ActionButton, RoleContext } from './ActionButton';
import { AskButton, BulkWorks } from './Bulk';
import { KeepFocus } from './KeepFocus';
import type { PageProps } from './page-props';
import { addressOf, Link } from './route';
import { carryOut } from './session';
import { State, tasksAddress } from './TaskState';
import { Ago } from './time';
import { useView } from './view';

type Group = NonNullable<ViewOf<'errors'>['rows']>[number];

/** What has failed, grouped by error, and each group. */
export function Errors(props: PageProps) {
  return props.route.id === undefined ? <Groups {...props} /> : <OneGroup {...props} id={props.route.id} />;
}

const tabs: [title: string, state: string | undefined][] = [
  ['to look at', undefined],
  ['resolved', 'resolved'],
  ['muted', 'muted'],
];

function Groups({ route, act }: PageProps) {
  const [state, type, after] = ['state', 'type', 'after'].map(name => route.query.get(name) ?? undefined);
  const { value, problem } = useView('errors', { state, type, after });
  const rows = value?.rows ?? [];
  return (
    <>
      <h2 className="unseen">Errors</h2>
      <nav className="console-tabs" aria-label="States of errors">
        {tabs.map(([title, tab]) => (
          <Link key={title} to={addressOf('errors', undefined, { state: tab, type })} current={state === tab}>
            {title}
          </Link>
        ))}
      </nav>
      {problem && <p role="alert">{problem}</p>}
      {!value && !problem && <p className="console-none">Looking …</p>}
      {value && rows.length === 0 && <p className="console-none">None.</p>}
      <KeepFocus>
        <ul className="console-errors">
          {rows.map(group => (
            <li key={group._id} data-row={group._id}>
              <GroupHead group={group} />
              <GroupActions group={group} act={act} />
            </li>
          ))}
        </ul>
      </KeepFocus>
      <p className="console-paging">
        {after !== undefined && <Link to={addressOf('errors', undefined, { state, type })}>First page</Link>}
        {value?.next !== undefined && (
          <Link to={addressOf('errors', undefined, { state, type, after: value.next })}>Next page</Link>
        )}
      </p>
    </>
  );
}

function GroupHead({ group }: { group: Group }) {
  const { _id, taskType, name, message, count, firstAt, lastAt, state, hours } = group;
  return (
    <div className="console-group">
      <p>
        <Link to={addressOf('errors', _id)}>
          {name}: {message}
        </Link>
      </p>
      <p className="console-none">
        {state !== 'open' && <State of={state === 'cameBack' ? 'came back' : state} />} {taskType} ·{' '}
        {count.toLocaleString()} times · last <Ago at={lastAt} /> ago · first <Ago at={firstAt} /> ago
      </p>
      <Sparkline counts={hours} stepMs={3_600_000} steps={24} label="per hour of the last day" />
    </div>
  );
}

function GroupActions({ group, act }: { group: Group; act: Act }) {
  const { _id, state, message } = group;
  const canAct = covers(useContext(RoleContext), 'operator');
  const offered: ActionName[] =
    state === 'open' || state === 'cameBack' ? ['resolveError', 'muteError'] : ['reopenError'];
  const selection = { kind: 'retry' as const, q: `state:failed error:${_id}` };
  const retry = () => void act(`Retry all of "${message}"`, () => carryOut('bulk', selection));
  return (
    <div className="console-actions">
      {offered.map(action => (
        <ActionButton key={action} action={action} target={_id} act={act} />
      ))}
      {canAct && (
        <AskButton
          label="Retry all"
          question={`Retry all tasks that are failed by this error? It came ${group.count.toLocaleString()} times.`}
          onYes={retry}
        />
      )}
    </div>
  );
}

function OneGroup({ id, act }: PageProps & { id: string }) {
  const { value, problem } = useView('error', { id });
  if (problem) return <p role="alert">{problem}</p>;
  if (!value) return <p className="console-none">Looking …</p>;
  const { group } = value;
  if (!group)
    return (
      <p>
        There is no such error, or no longer. <Link to={addressOf('errors')}>To the errors</Link>
      </p>
    );
  const { resolvedIn, cameBackIn, changedBy, changedAt } = group;
  return (
    <article className="console-task" aria-labelledby="group">
      <header>
        <h2 id="group">
          {group.name} <State of={group.state === 'cameBack' ? 'came back' : group.state} />
        </h2>
        <GroupActions group={group} act={act} />
      </header>
      <BulkWorks act={act} />
      <p className="console-error">{group.message}</p>
      <p className="console-none">
        {group.taskType} · {group.count.toLocaleString()} times · last <Ago at={group.lastAt} /> ago · first{' '}
        <Ago at={group.firstAt} /> ago
        {changedBy && changedAt && ` · ${changedBy} changed it on ${changedAt.toLocaleString()}`}
        {resolvedIn && ` · resolved in ${resolvedIn.slice(0, 7)}`}
        {cameBackIn && ` · came back in ${cameBackIn.slice(0, 7)}`}
      </p>
      <Sparkline counts={group.days} stepMs={86_400_000} steps={30} label="per day of the last 30" />
      <p>
        <Link to={tasksAddress({ state: 'failed', error: id })}>Its failed tasks</Link> ·{' '}
        <Link to={addressOf('tasks', group.taskId)}>The newest one</Link>
      </p>
      {group.stack && <pre className="console-stack">{group.stack}</pre>}
      <section aria-labelledby="commits">
        <h3 id="commits">Commits</h3>
        <ul className="console-list">
          {group.commits.map(({ commit, count, firstAt, lastAt }) => (
            <li key={commit}>
              <code>{commit.slice(0, 12)}</code>
              <span>
                {count.toLocaleString()} times, from {firstAt.toLocaleString()} to {lastAt.toLocaleString()}
              </span>
            </li>
          ))}
        </ul>
      </section>
    </article>
  );
}

interface SparklineProps {
  counts: readonly { at: Date; count: number }[];
  stepMs: number;
  steps: number;
  label: string;
}

/** How often something came, step by step up to now. */
function Sparkline({ counts, stepMs, steps, label }: SparklineProps) {
  const last = Math.floor(Date.now() / stepMs);
  const bars = Array.from({ length: steps }, (_, n) => {
    const step = last - steps + 1 + n;
    return counts.find(({ at }) => Math.floor(at.getTime() / stepMs) === step)?.count ?? 0;
  });
  const most = Math.max(1, ...bars);
  const total = bars.reduce((sum, count) => sum + count, 0);
  return (
    <svg
      className="console-spark"
      viewBox={`0 0 ${steps * 4} 20`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`${total} ${label}, ${most} at most in one step`}
    >
      {bars.map((count, n) => {
        const height = count === 0 ? 1 : 2 + (18 * count) / most;
        // biome-ignore lint/suspicious/noArrayIndexKey: a bar is its place.
        return <rect key={n} x={n * 4} y={20 - height} width={3} height={height} className={count ? 'some' : ''} />;
      })}
    </svg>
  );
}
