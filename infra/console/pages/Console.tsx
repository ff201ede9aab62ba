import React, { useEffect } from 'react';
import { Board } from './Board';
import { Login } from './Login';
import { useSession } from './session';

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
