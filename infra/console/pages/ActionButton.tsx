import { Meteor } from 'meteor/meteor';
import React from 'react';
import { type ActionName, consoleActions, methodOf } from '../actions';

/** Does something for the operator: `what` names it in the message of its success or failure. */
export type Act = (what: string, action: () => Promise<unknown>) => void;

interface ActionButtonProps {
  action: ActionName;
  /** The id or name of what it acts on; null for all task types. */
  target: string | null;
  act: Act;
  disabled?: boolean;
}

/** The button of an action on one target. */
export function ActionButton({ action, target, act, disabled = false }: ActionButtonProps) {
  const { label, describe } = consoleActions[action];
  const what = describe(target as never);
  return (
    <button
      type="button"
      aria-label={what}
      disabled={disabled}
      onClick={() => act(what, () => Meteor.callAsync(methodOf(action), target))}
    >
      {target === null ? what : label}
    </button>
  );
}
