import { Meteor } from 'meteor/meteor';
import { useTracker } from 'meteor/react-meteor-data';
import { Roles } from 'meteor/roles';
import React, { type FormEvent, type KeyboardEvent, useId, useState } from 'react';
import { type OperatorRole, operatorRoles } from '../../api/accounts/schema';
import { call } from '../call';
import { Problem } from '../components/Problem';
import { useAction } from '../components/use-action';
import { AccountForm, newPassword, oldPassword, useFocusOnChange } from './AccountForm';
import { changePassword, logOut, logOutEverywhere } from './login';

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
        <PasswordChange />
        <Confirmation />
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

function PasswordChange() {
  const [step, setStep] = useState<'before' | 'open' | 'done'>('before');
  useFocusOnChange(step);
  if (step === 'open')
    return (
      <AccountForm
        title="Change password"
        lead="Your other browsers are logged out."
        fields={[oldPassword, newPassword]}
        button="Change it"
        action={typed => changePassword(typed.oldPassword, typed.password).then(() => setStep('done'))}
      >
        <button type="button" className="way" onClick={() => setStep('before')}>
          Not now
        </button>
      </AccountForm>
    );
  return (
    <>
      <button type="button" className="small" onClick={() => setStep('open')}>
        Change password
      </button>
      <p className="hint" role="status">
        {step === 'done' && 'The password is changed.'}
      </p>
    </>
  );
}

/** The mail of the sign-up may have been lost, or never sent. */
function Confirmation() {
  const isOpen = useTracker(() => Meteor.user()?.emails?.some(({ verified }) => !verified), []);
  const [isSent, setSent] = useState(false);
  const { run, busy, problem } = useAction();
  if (!isOpen) return null;
  const send = async () => {
    setSent(false);
    setSent(await run(() => call('accounts.sendConfirmation')));
  };
  return (
    <div className="account-confirmation">
      <p className="hint">Your address is not confirmed yet.</p>
      <button type="button" className="small" disabled={busy} onClick={send}>
        Send the mail again
      </button>
      <Problem>{problem}</Problem>
      <p className="hint" role="status">
        {isSent && 'The mail is on its way.'}
      </p>
    </div>
  );
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
