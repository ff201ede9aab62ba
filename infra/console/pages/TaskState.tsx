import React from 'react';
import type { TaskFilter } from '../task-filter';
import { addressOf, type Query } from './route';

/** The address of the tasks that match. */
export const tasksAddress = (filter: TaskFilter, more: Query = {}) =>
  addressOf('tasks', undefined, { ...filter, ...more });

/** A state as a word with its color. */
export const State = ({ of }: { of: string }) => <span className={`console-state ${of}`}>{of}</span>;

/** How far a task is. */
export function Progress({ fraction, note }: { fraction: number; note?: string }) {
  return (
    <span className="console-progress">
      <progress value={fraction} max={1} aria-label="Progress" /> {Math.round(fraction * 100)} % {note}
    </span>
  );
}
