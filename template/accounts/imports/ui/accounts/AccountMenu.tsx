import { Meteor } from 'meteor/meteor';
import { useTracker } from 'meteor/react-meteor-data';
import { Roles } from 'meteor/roles';
import React, { type FormEvent, type KeyboardEvent, useId, useState } from 'react';
import { type OperatorRole, operatorRoles } from '../../api/accounts/schema';
import { call } from '../call';
import { Problem } from '../components/Problem';
import { useAction } from '../components/use-action';
import { logOut, logOutEverywhere } from './login';

/** Who is signed in, and what follows from it. */
export function AccountMenu() {
  const userId = useTracker(() => Meteor.userId(), []);
  const name = useTracker(() => Meteor.user()?.emails?.[0]?.address, []);
  const mayOperate = useTracker(() => Roles.userIsInRole(Meteor.userId(), [...operatorRoles]), []);
  const isAdmin = useTracker(() => Roles.userIsInRole(Meteor.userId(), 'admin'), []);
  const { run, busy, problem } = useAction();
  if (!userId) return null;
  return (
    <details className="account-menu" onKeyDown={closeOnEscape}>
      <summary>
        <span>{name ?? 'Account'}</span>
      </summary>
      <div className="account-choices">
        {mayOperate && (
          <a className="button small" href="/console">
            Console
          </a>
        )}
        <button type="button" className="small" disabled={busy} onClick={() => run(logOut)}>
          Log out
        </button>
        <button type="button" className="small" disabled={busy} onClick={() => run(logOutEverywhere)}>
          Log out everywhere
        </button>
        <Problem>{problem}</Problem>
        {isAdmin && <RoleForm />}
      </div>
    </details>
  );
}

function closeOnEscape(event: KeyboardEvent<HTMLDetailsElement>): void {
  if (event.key !== 'Escape') return;
  event.currentTarget.open = false;
  event.currentTarget.querySelector('summary')?.focus();
}

/** An administrator says what somebody else may do on the console. */
function RoleForm() {
  const id = useId();
  const [news, setNews] = useState('');
  const { run, busy, problem } = useAction();
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const typed = new FormData(form);
    const email = String(typed.get('person')).trim();
    const role = (typed.get('role') || null) as OperatorRole | null;
    setNews('');
    if (!(await run(() => call('accounts.setRole', { email, role })))) return;
    form.reset();
    setNews(`${email}: ${role ?? 'no role'}.`);
  };
  return (
    <form className="role-form" onSubmit={submit}>
      <label htmlFor={`${id}-person`}>Role on the console, for</label>
      <input id={`${id}-person`} name="person" type="email" autoComplete="off" placeholder="ada@example.com" required />
      <div className="row">
        <select name="role" aria-label="Role">
          {[...operatorRoles].reverse().map(role => (
            <option key={role}>{role}</option>
          ))}
          <option value="">none</option>
        </select>
        <button type="submit" className="small" disabled={busy}>
          Give it
        </button>
      </div>
      <Problem>{problem}</Problem>
      <p className="hint" role="status">
        {news}
      </p>
    </form>
  );
}
