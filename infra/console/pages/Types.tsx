import React from 'react';
import type { ViewOf } from '../views';
import type { ShownLimits } from '../views/task-types';
import { type Act, ActionButton } from './ActionButton';
import { AskButton } from './Bulk';
import { Field, FormButton } from './FormButton';
import { KeepFocus } from './KeepFocus';
import type { PageProps } from './page-props';
import { Link } from './route';
import { carryOut } from './session';
import { TableHead } from './TableHead';
import { tasksAddress } from './TaskState';
import { Ago, durationText } from './time';
import { useView } from './view';

type Value = ViewOf<'types'>;
type Row = Value['rows'][number];

const columns = ['Type', 'Now', 'Limits', 'Last day', 'Wait', 'Run', 'Action'];

/** Each task type: what it may, how it does, and the switches for it. */
export function Types({ act }: PageProps) {
  const { value, problem } = useView('types');
  if (!value) return <p>{problem ?? 'Looking …'}</p>;
  return (
    <section aria-labelledby="types">
      <div className="console-actions">
        <h2 id="types">Types</h2>
        <Everything allPaused={value.allPaused} rows={value.rows} act={act} />
      </div>
      <KeepFocus>
        <div className="console-table console-tasks console-types">
          <table>
            <TableHead columns={columns} />
            <tbody>
              {value.rows.map(row => (
                <TypeRow key={row._id} row={row} allPaused={value.allPaused} act={act} />
              ))}
            </tbody>
          </table>
        </div>
      </KeepFocus>
      <p className="console-none">
        Wait and run: p50 and p95 of the last day. A changed limit holds in all roles at once, until it is taken back.
      </p>
    </section>
  );
}

function Everything({ allPaused, rows, act }: { allPaused: boolean; rows: readonly Row[]; act: Act }) {
  if (allPaused) return <ActionButton action="resume" target={null} act={act} />;
  const running = rows.reduce((sum, { now }) => sum + now.running, 0);
  return (
    <AskButton
      needs="operator"
      label="Pause everything"
      question={`Pause all ${rows.length} types? No role starts anything then; the ${running} that run go on.`}
      onYes={() => void act('Pause everything', () => carryOut('pause', null))}
    />
  );
}

function TypeRow({ row, allPaused, act }: { row: Row; allPaused: boolean; act: Act }) {
  const { _id: taskType, paused, untaken, definition, override } = row;
  return (
    <tr data-row={taskType}>
      <th scope="row">
        <Link to={tasksAddress({ state: 'queued', type: taskType })}>{taskType}</Link> {paused && <em>paused</em>}{' '}
        {untaken && <em>no role takes it</em>} {!definition && <em>not in the catalog</em>}
        {definition?.runsIn === 'role' && <small>runs in the role</small>}
      </th>
      <td data-name="Now">
        <NowCell row={row} />
      </td>
      <td data-name="Limits" className="console-limits">
        <Limits row={row} />
      </td>
      <td data-name="Last day">
        <LastDay day={row.day} />
      </td>
      <td data-name="Wait">{timesText(row.day?.wait)}</td>
      <td data-name="Run">
        {timesText(row.day?.run)}
        {row.usualMs !== undefined && <small>usually {durationText(row.usualMs)}</small>}
      </td>
      <td>
        <div className="console-actions">
          <ActionButton action={paused ? 'resume' : 'pause'} target={taskType} act={act} disabled={allPaused} />
          {definition && <LimitsForm row={row} limits={definition.limits} act={act} />}
          {override && <ActionButton action="resetLimits" target={taskType} act={act} />}
        </div>
      </td>
    </tr>
  );
}

function NowCell({ row: { now, definition, override } }: { row: Row }) {
  const some = (['running', 'queued', 'waiting', 'scheduled'] as const).filter(state => now[state] > 0);
  const limit = override?.concurrency ?? definition?.limits.concurrency;
  return (
    <>
      {some.length === 0 && <span className="console-none">nothing</span>}
      {some.map(state => (
        <span key={state} className="console-count">
          {now[state].toLocaleString()} {state}
        </span>
      ))}
      {limit !== undefined && definition?.over === 'in all' && (
        <progress value={Math.min(now.running, limit)} max={limit} aria-label={`${now.running} of ${limit} run`} />
      )}
    </>
  );
}

function Limits({ row: { definition, override } }: { row: Row }) {
  if (!definition) return null;
  const { limits, over, rateKey } = definition;
  const perKey = rateKey ? ` for each ${rateKey}` : '';
  const rate = (one: ShownLimits['rateLimit']) => (one ? `${rateText(one)}${perKey}` : undefined);
  const concurrency = (max: number | undefined) => (max === undefined ? undefined : `${max.toLocaleString()} ${over}`);
  const isNone =
    !override && limits.concurrency === undefined && !limits.rateLimit && limits.priority === usualPriority;
  if (isNone) return <span className="console-none">none</span>;
  return (
    <ul>
      <Limit own={concurrency(limits.concurrency)} changed={concurrency(override?.concurrency)} />
      <Limit own={rate(limits.rateLimit)} changed={rate(override?.rateLimit)} />
      <Limit
        own={
          override?.priority === undefined && limits.priority === usualPriority
            ? undefined
            : priorityText(limits.priority)
        }
        changed={override?.priority === undefined ? undefined : priorityText(override.priority)}
      />
      {override && (
        <li className="console-none">
          {override.by ? `changed by ${override.by} ` : 'changed '}
          <Ago at={override.at} /> ago
        </li>
      )}
    </ul>
  );
}

/** One limit as the catalog has it, and what has taken its place. */
function Limit({ own, changed }: { own: string | undefined; changed: string | undefined }) {
  if (own === undefined && changed === undefined) return null;
  if (changed === undefined) return <li>{own}</li>;
  return (
    <li>
      {own === undefined ? <span className="console-none">no limit</span> : <del>{own}</del>} <ins>{changed}</ins>
    </li>
  );
}

const spans: [per: string, ms: number][] = [
  ['a day', 86_400_000],
  ['an hour', 3_600_000],
  ['a minute', 60_000],
  ['a second', 1_000],
];

function rateText({ max, per }: { max: number; per: number }): string {
  const [text] = spans.find(([, ms]) => ms === per) ?? [`in ${durationText(per)}`];
  return `${max.toLocaleString()} ${text}`;
}

/** Not worth a word. */
const usualPriority = 1;

const priorityText = (priority: number) => `priority ${priority}`;

function LastDay({ day }: { day: Row['day'] }) {
  if (!day || day.done + day.failed + day.retried === 0) return <span className="console-none">nothing</span>;
  const ended = day.done + day.failed;
  const share = ended === 0 ? 0 : (100 * day.failed) / ended;
  return (
    <>
      <span className="console-count">{day.done.toLocaleString()} done</span>
      {day.failed > 0 && (
        <span className="console-count bad">
          {day.failed.toLocaleString()} failed ({share < 1 ? '< 1' : Math.round(share)} %)
        </span>
      )}
      {day.retried > 0 && <span className="console-count">{day.retried.toLocaleString()} tried again</span>}
    </>
  );
}

const timesText = (times: { p50Ms: number; p95Ms: number } | undefined) =>
  times ? `${durationText(times.p50Ms)}, ${durationText(times.p95Ms)}` : '–';

function LimitsForm({ row, limits, act }: { row: Row; limits: ShownLimits; act: Act }) {
  const { _id: taskType, override, definition } = row;
  const own = (value: number | undefined) => (value === undefined ? 'no limit' : `${value.toLocaleString()}`);
  const save = async (form: FormData) => {
    const changed = limitsIn(form);
    const what = `Change the limits of ${taskType}`;
    if (Object.keys(changed).length > 0) await carryOut('changeLimits', { taskType, ...changed });
    else if (override) await carryOut('resetLimits', taskType);
    void act(what, async () => {});
  };
  return (
    <FormButton label="Limits" title={`Limits of ${taskType}`} submit="Change" onSubmit={save}>
      <p className="console-none">A field that is empty is as the catalog has it. What runs now goes on.</p>
      <Field label={`At once ${definition?.over ?? ''}`} hint={`in the catalog: ${own(limits.concurrency)}`}>
        <input name="concurrency" type="number" min={1} step={1} defaultValue={override?.concurrency} />
      </Field>
      <div className="console-fields">
        <Field label="Starts" hint={`in the catalog: ${own(limits.rateLimit?.max)}`}>
          <input name="max" type="number" min={1} step={1} defaultValue={override?.rateLimit?.max} />
        </Field>
        <Field label="in so many seconds" hint={limits.rateLimit ? `${limits.rateLimit.per / 1_000} s` : undefined}>
          <input
            name="per"
            type="number"
            min={0.001}
            step="any"
            defaultValue={override?.rateLimit && override.rateLimit.per / 1_000}
          />
        </Field>
      </div>
      <Field label="Priority" hint={`in the catalog: ${limits.priority}; low is -10, medium 1, high 10`}>
        <input name="priority" type="number" step={1} defaultValue={override?.priority} />
      </Field>
    </FormButton>
  );
}

/** What of the fields is filled in. @throws where of a rate one half is missing. */
function limitsIn(form: FormData) {
  const number = (name: string) => {
    const text = String(form.get(name) ?? '').trim();
    return text === '' ? undefined : Number(text);
  };
  const [concurrency, max, per, priority] = ['concurrency', 'max', 'per', 'priority'].map(number);
  if ((max === undefined) !== (per === undefined))
    throw new Error('A rate is so many starts in so many seconds: fill in both, or none.');
  return {
    ...(concurrency !== undefined && { concurrency }),
    ...(max !== undefined && per !== undefined && { rateLimit: { max, per: Math.round(per * 1_000) } }),
    ...(priority !== undefined && { priority }),
  };
}
