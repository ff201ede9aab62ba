import React, { type FormEvent, useState } from 'react';
import { Frame } from './Frame';
import { useSession } from './session';
import { useMe } from './state';
import { RefusedContext } from './view';

/** What client/main.html calls the app. */
const appTitle = document.title;

interface ConsoleProps {
  /** Where people sign in with an account of the app. */
  signInAt?: string;
}

/** The operator's console: all addresses below /console. */
export function Console({ signInAt }: ConsoleProps) {
  const { state, problem, login, leave, enterAgain, connected } = useSession();
  const me = useMe();
  const isLive = connected && !me?.stale;
  return (
    <div className="console">
      <header className="console-top">
        <h1>
          <a href="/">{appTitle}</a> console
        </h1>
        {state !== 'out' && me && (
          <p className="console-who">
            {me.name}, {me.role}
          </p>
        )}
        {state !== 'out' && leave && (
          <button type="button" onClick={leave}>
            Log out
          </button>
        )}
      </header>
      <p className={isLive ? 'unseen' : 'console-banner console-away'} role="status">
        {isLive ? 'Live' : `The web role ${connected ? 'can’t look' : 'is away'}: what you see is of before.`}
      </p>
      {/* While a broken connection comes back, the page stays with what it has shown. */}
      {state !== 'out' && (state === 'in' || me) && (
        <RefusedContext.Provider value={enterAgain}>
          <Frame appTitle={appTitle} me={me} />
        </RefusedContext.Provider>
      )}
      {state === 'entering' && !me && <main>Entering …</main>}
      {state === 'out' && (
        <main>
          <Login onLogin={login} problem={problem} signInAt={signInAt} />
        </main>
      )}
    </div>
  );
}

interface LoginProps extends ConsoleProps {
  onLogin: (token: string) => Promise<void>;
  problem: string | undefined;
}

/** Asks for the operator's token. */
function Login({ onLogin, problem, signInAt }: LoginProps) {
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
        You find it in the web role's settings, under <code>console.operators</code> or{' '}
        <code>console.operatorToken</code>.
      </p>
      <button type="submit" disabled={busy}>
        Log in
      </button>
      {problem && <p role="alert">{problem}</p>}
      {signInAt && (
        <p>
          Or <a href={signInAt}>sign in</a> with an account that may operate.
        </p>
      )}
    </form>
  );
}
