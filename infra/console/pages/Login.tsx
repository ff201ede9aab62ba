import React, { type FormEvent, useState } from 'react';

interface LoginProps {
  onLogin: (token: string) => Promise<void>;
  problem: string | undefined;
}

/** Asks for the operator's token. */
export function Login({ onLogin, problem }: LoginProps) {
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
