import React from 'react';
import type { ScheduleForm } from '../targets';
import type { ViewOf } from '../views';
import { type Act, ActionButton } from './ActionButton';
import { AskButton } from './Bulk';
import { Field, FormButton } from './FormButton';
import { KeepFocus } from './KeepFocus';
import type { PageProps } from './page-props';
import { addressOf, Link } from './route';
import { carryOut } from './session';
import { Ago } from './time';
import { useView } from './view';

type Value = ViewOf<'schedules'>;
type Schedule = Value['rows'][number];
type Stored = NonNullable<Schedule['stored']>;

/** What runs by itself and when, and how its last runs ended. */
export function Schedules({ route, act }: PageProps) {
  const after = route.query.get('after') ?? undefined;
  const { value, problem } = useView('schedules', { after });
  if (!value) return <p>{problem ?? 'Looking …'}</p>;
  const { rows, next, linked, taskTypes } = value;
  return (
    <section aria-labelledby="schedules">
      <div className="console-actions">
        <h2 id="schedules">Schedules</h2>
        <ScheduleEditor label="Add a schedule" title="Add a schedule" taskTypes={taskTypes} act={act} />
      </div>
      {!linked && <p className="console-none">Those of the code can't be seen: no jobs role is linked up.</p>}
      {rows.length === 0 && <p className="console-none">None.</p>}
      <KeepFocus>
        <ul className="console-cards">
          {rows.map(schedule => (
            <Card key={schedule._id} schedule={schedule} taskTypes={taskTypes} act={act} />
          ))}
        </ul>
      </KeepFocus>
      <p className="console-paging">
        {after !== undefined && <Link to={addressOf('schedules')}>First page</Link>}
        {next !== undefined && <Link to={addressOf('schedules', undefined, { after: next })}>Next page</Link>}
      </p>
    </section>
  );
}

interface CardProps {
  schedule: Schedule;
  taskTypes: readonly string[];
  act: Act;
}

function Card({ schedule, taskTypes, act }: CardProps) {
  const { _id, name, words, written, timezone, next, runs, pause, stored } = schedule;
  const isPaused = pause !== undefined || stored?.paused === true;
  return (
    <li data-row={_id} className="console-card">
      <header>
        <h3>{name}</h3>
        {isPaused && <em>paused</em>}
        {stored ? <small>adds {stored.taskType}</small> : <small>in the code</small>}
      </header>
      <p>
        {words} {written && <code>{written}</code>} {timezone && <small>{timezone}</small>}
        {stored?.until && <small> until {stored.until.toLocaleString()}</small>}
      </p>
      {stored?.problem && <p className="console-error">It has stopped: {stored.problem}</p>}
      {pause && (
        <p>
          Paused by {pause.by} <Ago at={pause.since} /> ago: its runs are left out, and not made up for.
        </p>
      )}
      {!isPaused && <Next next={next} timezone={timezone} />}
      <Runs runs={runs} />
      <div className="console-actions">
        {stored ? (
          <StoredActions name={name} stored={stored} timezone={timezone} taskTypes={taskTypes} act={act} />
        ) : (
          <CodeActions name={name} isPaused={isPaused} act={act} />
        )}
      </div>
    </li>
  );
}

/** In the zone of the schedule: there its times are as it says. */
function Next({ next: [first, ...others], timezone }: { next: readonly Date[]; timezone: string | undefined }) {
  if (!first) return <p className="console-none">Not due again.</p>;
  const zone = timezone === undefined ? {} : { timeZone: timezone };
  const day = (at: Date) => at.toLocaleDateString(undefined, { ...zone, dateStyle: 'medium' });
  const time = (at: Date) => at.toLocaleTimeString(undefined, { ...zone, timeStyle: 'short' });
  const both = (at: Date) => `${day(at)} ${time(at)}`;
  const then = others.map(at => (day(at) === day(first) ? time(at) : both(at)));
  return (
    <p>
      Next <Ago at={first} />{' '}
      <small>
        {both(first)}
        {then.length > 0 && `, then ${then.join(', ')}`}
      </small>
    </p>
  );
}

const bad = ['failed', 'rejected', 'cancelled'];

/** A dot for each of the last runs, the newest at the right. */
function Runs({ runs }: Pick<Schedule, 'runs'>) {
  if (runs.length === 0) return <p className="console-none">It has not run yet.</p>;
  const failed = runs.filter(({ outcome }) => bad.includes(outcome));
  const [lastFailed] = failed;
  const label = `Of the last ${runs.length} runs ${failed.length === 0 ? 'none has' : `${failed.length} have`} failed`;
  return (
    <div className="console-runs">
      <span role="img" aria-label={label}>
        {[...runs].reverse().map(({ at, outcome, why }) => (
          <span
            key={at.getTime()}
            className={`dot ${outcome}`}
            title={`${at.toLocaleString()}: ${outcome}${why ? `: ${why}` : ''}`}
          />
        ))}
      </span>
      <small>
        last run <Ago at={(runs[0] as Schedule['runs'][number]).at} /> ago
        {lastFailed && (
          <>
            , last failure{' '}
            {lastFailed.taskId ? (
              <Link to={addressOf('tasks', lastFailed.taskId)}>{lastFailed.why ?? lastFailed.outcome}</Link>
            ) : (
              <span className="console-error">{lastFailed.why ?? lastFailed.outcome}</span>
            )}
          </>
        )}
      </small>
    </div>
  );
}

function CodeActions({ name, isPaused, act }: { name: string; isPaused: boolean; act: Act }) {
  return (
    <>
      <ActionButton action="runSchedule" target={name} act={act} />
      <ActionButton action={isPaused ? 'resumeScheduleOfCode' : 'pauseScheduleOfCode'} target={name} act={act} />
    </>
  );
}

interface StoredActionsProps {
  name: string;
  stored: Stored;
  timezone: string | undefined;
  taskTypes: readonly string[];
  act: Act;
}

function StoredActions({ name, stored, timezone, taskTypes, act }: StoredActionsProps) {
  const remove = () => void act(`Remove ${name}`, () => carryOut('removeSchedule', name));
  const before = { name, ...stored, ...(timezone !== undefined && { timezone }) };
  return (
    <>
      <ActionButton action="runStoredSchedule" target={name} act={act} />
      <ActionButton action={stored.paused ? 'resumeSchedule' : 'pauseSchedule'} target={name} act={act} />
      <ScheduleEditor label="Edit" title={`Edit ${name}`} taskTypes={taskTypes} act={act} before={before} />
      <AskButton
        needs="operator"
        label="Remove"
        name={`Remove ${name}`}
        question={`Remove the schedule ${name}? Tasks that it has added still run.`}
        onYes={remove}
      />
    </>
  );
}

interface EditorProps {
  label: string;
  title: string;
  taskTypes: readonly string[];
  act: Act;
  before?: { name: string; timezone?: string } & Stored;
}

function ScheduleEditor({ label, title, taskTypes, act, before }: EditorProps) {
  const save = async (fields: FormData) => {
    const form = formOf(fields, before);
    await carryOut('putSchedule', form);
    void act(`Save the schedule ${form.name}`, async () => {});
  };
  const kind = before?.text !== undefined ? 'text' : before?.every !== undefined ? 'every' : 'cron';
  const when = before?.cron ?? before?.text ?? (before?.every !== undefined ? before.every / 1_000 : '');
  return (
    <FormButton label={label} title={title} submit="Save" onSubmit={save}>
      {!before && (
        <Field label="Name">
          <input name="name" required maxLength={200} />
        </Field>
      )}
      <div className="console-fields">
        <Field label="Times">
          <select name="kind" defaultValue={kind}>
            <option value="cron">cron: 30 6 * * 1</option>
            <option value="text">words: at 6:30 am on Monday</option>
            <option value="every">every so many seconds</option>
          </select>
        </Field>
        <Field label="When">
          <input name="when" required defaultValue={when} spellCheck={false} />
        </Field>
      </div>
      <div className="console-fields">
        <Field label="Zone" hint="such as Europe/Berlin; not with seconds">
          <input name="timezone" defaultValue={before?.timezone} spellCheck={false} />
        </Field>
        <Field label="Missed runs">
          <select name="missedRuns" defaultValue={before?.missedRuns ?? 'skip'}>
            <option value="skip">are left out</option>
            <option value="once">are made up for once</option>
            <option value="all">are all made up for</option>
          </select>
        </Field>
      </div>
      <Field label="Adds a task of type">
        <select name="taskType" defaultValue={before?.taskType}>
          {taskTypes.map(taskType => (
            <option key={taskType}>{taskType}</option>
          ))}
        </select>
      </Field>
      <Field label="Payload, as JSON">
        <textarea name="data" rows={6} defaultValue={before?.data ?? '{}'} spellCheck={false} />
      </Field>
    </FormButton>
  );
}

/** What the form says, with what it does not show as it was. */
function formOf(fields: FormData, before: EditorProps['before']): ScheduleForm {
  const text = (name: string) => String(fields.get(name) ?? '').trim();
  const kind = text('kind');
  const when = kind === 'every' ? { every: Math.round(Number(text('when')) * 1_000) } : { [kind]: text('when') };
  return {
    name: before?.name ?? text('name'),
    taskType: text('taskType'),
    data: text('data'),
    missedRuns: text('missedRuns'),
    ...when,
    ...(text('timezone') && { timezone: text('timezone') }),
    ...(before?.jitter && { jitter: before.jitter }),
    ...(before?.until && { until: before.until }),
  };
}
