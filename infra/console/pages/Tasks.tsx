import React, { type FormEvent, useContext, useEffect, useState } from 'react';
import { covers } from '../actions';
import {
  completions,
  type FilterWord,
  filterText,
  filterWords,
  parseFilter,
  type TaskFilter,
  taskTabs,
} from '../task-filter';
import type { ViewOf } from '../views';
import { RoleContext } from './ActionButton';
import { BulkBar, BulkWorks } from './Bulk';
import type { PageProps } from './page-props';
import { addressOf, Link, navigate } from './route';
import { Task } from './Task';
import { Progress, State, tasksAddress } from './TaskState';
import { Ago } from './time';
import { useView } from './view';

/** Tasks by state and filter, and each of them. */
export function Tasks(props: PageProps) {
  return props.route.id === undefined ? <TaskList {...props} /> : <Task {...props} id={props.route.id} />;
}

/** The filter is the address: each word of it is one of its parameters. */
function filterIn(query: URLSearchParams): TaskFilter {
  return Object.fromEntries(filterWords.flatMap(word => (query.get(word) ? [[word, query.get(word)]] : [])));
}

/** These find tasks in whatever state they are. */
const isForAllStates = ({ id, key, tag, owner }: TaskFilter) => Boolean(id ?? key ?? tag ?? owner);

function TaskList({ route, act }: PageProps) {
  const filter = filterIn(route.query);
  const shownFilter: TaskFilter = filter.state || isForAllStates(filter) ? filter : { ...filter, state: 'failed' };
  const q = filterText(shownFilter);
  const after = route.query.get('after') ?? undefined;
  const { value, problem } = useView('tasks', { q, after });
  const counts = useView('counts').value;
  const canAct = covers(useContext(RoleContext), 'operator');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list has other tasks.
  useEffect(() => setChosen(new Set()), [q, after]);
  const rows = value?.rows ?? [];
  const ids = rows.map(({ _id }) => _id).filter(id => chosen.has(id));
  const choose = (which: readonly string[], on: boolean) =>
    setChosen(before => new Set([...before, ...which].filter(id => on || !which.includes(id))));
  return (
    <>
      <h2 className="unseen">Tasks</h2>
      <FilterBar filter={shownFilter} types={counts?.types ?? []} />
      <StateTabs filter={shownFilter} counts={counts} />
      <BulkWorks act={act} />
      {canAct && (
        <BulkBar
          ids={ids}
          q={q}
          isAllOfPage={rows.length > 0 && ids.length === rows.length}
          hasMore={value?.next !== undefined || after !== undefined}
          state={shownFilter.state}
          act={act}
          onDone={() => setChosen(new Set())}
        />
      )}
      {problem && <p role="alert">{problem}</p>}
      {!value && !problem && <p className="console-none">Looking …</p>}
      {value && rows.length === 0 && <p className="console-none">No task matches.</p>}
      {rows.length > 0 && <Rows rows={rows} chosen={chosen} choose={canAct ? choose : undefined} />}
      <p className="console-paging">
        {after !== undefined && <Link to={tasksAddress(filter)}>First page</Link>}
        {value?.next !== undefined && <Link to={tasksAddress(filter, { after: value.next })}>Next page</Link>}
      </p>
    </>
  );
}

function FilterBar({ filter, types }: { filter: TaskFilter; types: readonly string[] }) {
  const asked = filterText(filter);
  const [text, setText] = useState(asked);
  const [problem, setProblem] = useState<string>();
  useEffect(() => setText(asked), [asked]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    try {
      const { state, ...others } = parseFilter(text);
      setProblem(undefined);
      navigate(tasksAddress({ ...others, ...(state && { state }) }));
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <form className="console-filter" onSubmit={submit}>
      <label className="unseen" htmlFor="filter">
        Filter
      </label>
      <input
        id="filter"
        type="text"
        value={text}
        list="filter-words"
        spellCheck={false}
        autoComplete="off"
        placeholder={filterWords.map(word => `${word}:`).join(' ')}
        aria-invalid={problem !== undefined}
        aria-describedby="filter-problem"
        onChange={event => setText(event.target.value)}
      />
      <datalist id="filter-words">
        {completions(text, { type: types } as Partial<Record<FilterWord, readonly string[]>>).map(one => (
          <option key={one} value={one} />
        ))}
      </datalist>
      <button type="submit">Filter</button>
      <p id="filter-problem" role="alert">
        {problem}
      </p>
    </form>
  );
}

function StateTabs({ filter, counts }: { filter: TaskFilter; counts: ViewOf<'counts'> | undefined }) {
  const { state: _, ...others } = filter;
  const isAny = filter.state === undefined;
  return (
    <nav className="console-tabs" aria-label="States">
      {isForAllStates(filter) && (
        <Link to={tasksAddress(others)} current={isAny}>
          any
        </Link>
      )}
      {taskTabs.map(state => (
        <Link key={state} to={tasksAddress({ ...others, state })} current={filter.state === state}>
          {state} {counts && <span title={meaningOf(state)}>{countText(counts.total[state], counts.limit)}</span>}
        </Link>
      ))}
    </nav>
  );
}

const live = ['scheduled', 'waiting', 'queued', 'running'];
const meaningOf = (state: string) => (live.includes(state) ? 'now' : 'all that ever have, by now');

function countText(count: number, limit: number): string {
  const short = new Intl.NumberFormat(undefined, { notation: count >= 100_000 ? 'compact' : 'standard' }).format(count);
  return count === limit ? `${short}+` : short;
}

type Row = NonNullable<ViewOf<'tasks'>['rows']>[number];

interface RowsProps {
  rows: readonly Row[];
  chosen: ReadonlySet<string>;
  choose: ((ids: readonly string[], on: boolean) => void) | undefined;
}

function Rows({ rows, chosen, choose }: RowsProps) {
  const ids = rows.map(({ _id }) => _id);
  return (
    <div className="console-table console-tasks">
      <table>
        <thead>
          <tr>
            {choose && (
              <th scope="col">
                <input
                  type="checkbox"
                  aria-label="Select all of this page"
                  checked={ids.every(id => chosen.has(id))}
                  onChange={event => choose(ids, event.target.checked)}
                />
              </th>
            )}
            <th scope="col">Task</th>
            <th scope="col">State</th>
            <th scope="col">Since</th>
            <th scope="col" className="number">
              Attempt
            </th>
            <th scope="col">Error or progress</th>
            <th scope="col">Key and tags</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <TaskRow key={row._id} row={row} chosen={chosen.has(row._id)} choose={choose} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function TaskRow({ row, chosen, choose }: { row: Row; chosen: boolean; choose: RowsProps['choose'] }) {
  const { _id, taskType, state, at, attempt, error, progress, key, tags = [], cancelRequested } = row;
  return (
    <tr className={chosen ? 'chosen' : undefined}>
      {choose && (
        <td>
          <input
            type="checkbox"
            aria-label={`Select ${_id}`}
            checked={chosen}
            onChange={event => choose([_id], event.target.checked)}
          />
        </td>
      )}
      <th scope="row">
        <Link to={addressOf('tasks', _id)}>{taskType}</Link> <code>{_id}</code>
      </th>
      <td data-name="State">
        <State of={state} /> {cancelRequested && <em>told to stop</em>}
      </td>
      <td data-name="Since">
        <Ago at={at} />
      </td>
      <td data-name="Attempt" className="number">
        {attempt}
      </td>
      <td className={error ? 'console-error' : undefined}>
        {error && `${error.name}: ${error.message}`}
        {!error && progress && state === 'running' && <Progress {...progress} />}
      </td>
      <td className="console-words">
        {key !== undefined && <code>{key}</code>}{' '}
        {tags.map(tag => (
          <Link key={tag} className="console-tag" to={tasksAddress({ tag })}>
            {tag}
          </Link>
        ))}
      </td>
    </tr>
  );
}
