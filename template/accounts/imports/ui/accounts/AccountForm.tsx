import React, { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { emailProblem, newPasswordProblem, shortestPassword } from '../../api/accounts/schema';
import { Problem } from '../components/Problem';
import { useAction } from '../components/use-action';

interface Field {
  name: 'email' | 'oldPassword' | 'password';
  label: string;
  autoComplete: 'username' | 'current-password' | 'new-password';
  hint?: string;
  problemOf(value: string): string | undefined;
}

export const email: Field = { name: 'email', label: 'E-mail', autoComplete: 'username', problemOf: emailProblem };

export const password: Field = {
  name: 'password',
  label: 'Password',
  autoComplete: 'current-password',
  problemOf: value => (value ? undefined : 'Type your password.'),
};

export const oldPassword: Field = { ...password, name: 'oldPassword', label: 'Old password' };

export const newPassword: Field = {
  name: 'password',
  label: 'New password',
  autoComplete: 'new-password',
  hint: `At least ${shortestPassword} characters.`,
  problemOf: newPasswordProblem,
};

type Values = Record<Field['name'], string>;

interface AccountFormProps {
  title: string;
  lead?: string;
  fields?: readonly Field[];
  /** What the button says. */
  button: string;
  action(values: Values): Promise<unknown>;
  /** Other ways, below the button. */
  children?: ReactNode;
}

/** One step of accounts: a few fields and one button. A problem is beside its field, is read out, and has the focus. */
export function AccountForm({ title, lead, fields = [], button, action, children }: AccountFormProps) {
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const [problems, setProblems] = useState<Partial<Values>>({});
  const { run, busy, problem, setProblem } = useAction();
  const focus = (name: string | undefined) => form.current?.querySelector<HTMLElement>(`[name=${name}]`)?.focus();

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    const values = valuesIn(event.currentTarget);
    const found = problemsIn(fields, values);
    setProblems(found);
    setProblem(undefined);
    const wrong = fields.find(({ name }) => found[name]);
    const isDone = !wrong && (await run(() => action(values)));
    if (!isDone) focus((wrong ?? fields.at(-1))?.name);
  };

  return (
    <form className="account" aria-labelledby={id} ref={form} onSubmit={submit} noValidate>
      <h1 id={id}>{title}</h1>
      {lead && <p className="hint">{lead}</p>}
      {fields.map(field => (
        <FieldRow key={field.name} field={field} problem={problems[field.name]} />
      ))}
      <Problem>{problem}</Problem>
      <button type="submit" className="main" aria-disabled={busy}>
        {busy ? 'One moment …' : button}
      </button>
      {children && <div className="account-ways">{children}</div>}
    </form>
  );
}

function valuesIn(form: HTMLFormElement): Values {
  const typed = new FormData(form);
  const text = (name: Field['name']) => String(typed.get(name) ?? '');
  return { email: text('email').trim(), oldPassword: text('oldPassword'), password: text('password') };
}

const problemsIn = (fields: readonly Field[], values: Values): Partial<Values> =>
  Object.fromEntries(fields.map(({ name, problemOf }) => [name, problemOf(values[name])]));

function FieldRow({ field: { name, label, autoComplete, hint }, problem }: { field: Field; problem?: string }) {
  const id = useId();
  return (
    <div className="account-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        name={name}
        type={name === 'email' ? 'email' : 'password'}
        autoComplete={autoComplete}
        autoCapitalize="none"
        spellCheck={false}
        required
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-problem`}
      />
      <p id={`${id}-problem`} className={problem ? 'field-problem' : 'hint'} aria-live="polite">
        {problem ?? hint}
      </p>
    </div>
  );
}

/** Brings those who look with their ears to a form that has come in place of another. */
export function useFocusOnChange(step: string): void {
  const before = useRef(step);
  useEffect(() => {
    if (before.current !== step) document.querySelector<HTMLElement>('.account input, .account button')?.focus();
    before.current = step;
  }, [step]);
}
