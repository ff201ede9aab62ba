import React, { type FormEvent, type ReactNode, useContext, useRef, useState } from 'react';
import { covers } from '../actions';
import { RoleContext } from './ActionButton';
import { reasonOf } from './session';

interface FormButtonProps {
  /** On the button. */
  label: string;
  /** Of the form, and the button's name for screen readers. */
  title: string;
  /** On the button that sends it. */
  submit: string;
  /** The fields. They are made anew each time that the form is opened. */
  children: ReactNode;
  /** @throws what the form shows to the person, who may mend it and send it again. */
  onSubmit(fields: FormData): Promise<unknown>;
  main?: boolean;
}

/** A button that opens a form, for operators. Its answer stands in the form; when all is well, it closes. Escape is no. */
export function FormButton({ label, title, submit, children, onSubmit, main = false }: FormButtonProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isOpen, setOpen] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  if (!covers(useContext(RoleContext), 'operator')) return null;
  const open = () => {
    setProblem(undefined);
    setOpen(true);
    dialog.current?.showModal();
  };
  const send = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setBusy(true);
    try {
      await onSubmit(new FormData(event.currentTarget));
      dialog.current?.close();
    } catch (error) {
      setProblem(reasonOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button type="button" className={main ? 'main' : undefined} aria-label={title} onClick={open}>
        {label}
      </button>
      <dialog ref={dialog} className="console-ask console-form" aria-label={title} onClose={() => setOpen(false)}>
        {isOpen && (
          <form onSubmit={send}>
            <h3>{title}</h3>
            {children}
            {problem && <p role="alert">{problem}</p>}
            <div className="console-actions">
              <button type="submit" className="main" disabled={busy}>
                {submit}
              </button>
              <button type="button" onClick={() => dialog.current?.close()}>
                Cancel
              </button>
            </div>
          </form>
        )}
      </dialog>
    </>
  );
}

interface FieldProps {
  label: string;
  /** What it is for, or what is there without it. */
  hint?: string;
  children: ReactNode;
}

/** A field of a form with its name. */
export const Field = ({ label, hint, children }: FieldProps) => (
  // biome-ignore lint/a11y/noLabelWithoutControl: the field is the child.
  <label className="console-field">
    <span>{label}</span>
    {children}
    {hint && <small>{hint}</small>}
  </label>
);
