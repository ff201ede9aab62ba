import React, { createContext, useContext } from 'react';
import type { OperatorRole } from '../../settings';
import { type ActionName, consoleActions, covers } from '../actions';
import { carryOut } from './session';

/** What the person at this page may do. */
export const RoleContext = createContext<OperatorRole>('viewer');

/** Does something for the operator: `what` names it in the message of its success or failure. */
export type Act = (what: string, action: () => Promise<unknown>) => Promise<void>;

interface ActionButtonProps {
  action: ActionName;
  /** The id or name of what it acts on; null for all task types. */
  target: string | null;
  act: Act;
  disabled?: boolean;
}

/** The button of an action on one target; none for somebody whose role is too low for it. */
export function ActionButton({ action, target, act, disabled = false }: ActionButtonProps) {
  const role = useContext(RoleContext);
  const { label, describe, needs } = consoleActions[action];
  if (!covers(role, needs)) return null;
  const what = describe(target as never);
  return (
    <button
      type="button"
      aria-label={what}
      disabled={disabled}
      onClick={() => act(what, () => carryOut(action, target))}
    >
      {target === null ? what : label}
    </button>
  );
}
