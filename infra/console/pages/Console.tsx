import React, { type FormEvent, useEffect, useState } from 'react';
import type { ShownSchedule } from '../contract';
import { type Act, ActionButton } from './ActionButton';
import { Processes } from './Processes';
import { Queue } from './Queue';
import { reasonOf, useSession } from './session';
import { useConsoleState } from './state';
import { TaskTable } from './TaskTable';

/** What client/main.html calls the app. */
const appTitle = document.title;

/** The operator's console at /console. */
export function Console() {
  const { state, problem, login, leave, enterAgain, connected } = useSession();
  useEffect(() => {
    document.title = `${appTitle} console`;
  }, []);
  return (
    <div className="console">
      <header className="console-top">
        <h1>
          <a href="/">{appTitle}</a> console
        </h1>
        <p role="status">{connected ? 'Live' : 'The web role is away'}</p>
        {state === 'in' && (
          <button type="button" onClick={leave}>
            Log out
          </button>
        )}
      </header>
      <main>
        {state === 'in' && <Board onRefused={enterAgain} />}
        {state === 'entering' && <p>Entering …</p>}
        {state === 'out' && <Login onLogin={login} problem={problem} />}
      </main>
    </div>
  );
}

/** Everything that an operator sees and does, on one page. */
function Board({ onRefused }: { onRefused: () => void }) {
  const state = useConsoleState(onRefused);
  const [notice, setNotice] = useState('');
  const act: Act = (what, action) => {
    setNotice(`${what} …`);
    action().then(
      () => setNotice(`${what}: done`),
      error => setNotice(`${what}: ${reasonOf(error)}`),
    );
  };
  if (state.isLoading) return <p>Looking …</p>;
  return (
    <>
      <p className="console-notice" role="status">
        {notice}
      </p>
      <Queue counts={state.counts} act={act} />
      <TaskTable title="Running tasks" tasks={state.running} act={act} when="Added" kind="runningTask" />
      <TaskTable title="Failed tasks" tasks={state.failures} act={act} when="Failed" kind="failedTask" />
      <Schedules schedules={state.schedules} act={act} />
      <Processes processes={state.processes} workers={state.workers} />
    </>
  );
}

/** The cron schedules of the jobs role, each with its next run. */
function Schedules({ schedules, act }: { schedules: ShownSchedule[]; act: Act }) {
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

interface LoginProps {
  onLogin: (token: string) => Promise<void>;
  problem: string | undefined;
}

/** Asks for the operator's token. */
function Login({ onLogin, problem }: LoginProps) {
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const token = String(new FormData(event.currentTarget).get('token') ?? '').trim();
    if (!token) return;
    setBusy(true);
    await onLogin(token);
    setBusy(false);
  };
  return (
    <form className="console-login" onSubmit={submit}>
      <h2>Operators only</h2>
      <label htmlFor="token">Operator's token</label>
      <input id="token" name="token" type="password" autoComplete="current-password" required aria-describedby="hint" />
      <p id="hint">
        You find it in the web role's settings, under <code>console.operatorToken</code>.
      </p>
      <button type="submit" disabled={busy}>
        Log in
      </button>
      {problem && <p role="alert">{problem}</p>}
    </form>
  );
}
