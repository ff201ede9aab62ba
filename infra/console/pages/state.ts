import { Mongo } from 'meteor/mongo';
import { useFind } from 'meteor/react-meteor-data';
import { useState, useSyncExternalStore } from 'react';
import {
  operatorCollection,
  type ShownCount,
  type ShownOperator,
  type ShownProcess,
  type ShownTask,
  type ShownWorkers,
  statePublication,
} from '../contract';
import { useSubscription } from './session';

// Filled by the publication; the database has no such collections.
const Processes = new Mongo.Collection<ShownProcess>('consoleProcesses');
const Counts = new Mongo.Collection<ShownCount>('consoleCounts');
const Failures = new Mongo.Collection<ShownTask>('consoleFailures');
const Running = new Mongo.Collection<ShownTask>('consoleRunning');
const Workers = new Mongo.Collection<ShownWorkers>('consoleWorkers');

const Operators = new Mongo.Collection<ShownOperator>(operatorCollection);

/** Who looks at this page. */
export function useMe(): ShownOperator | undefined {
  return useFind(() => Operators.find({}), [])[0];
}

const clockListeners = new Set<() => void>();
let clock: ReturnType<typeof setInterval> | undefined;

function everySecond(listener: () => void): () => void {
  clockListeners.add(listener);
  clock ??= setInterval(() => {
    for (const one of clockListeners) one();
  }, 1_000);
  return () => {
    clockListeners.delete(listener);
    if (clockListeners.size > 0) return;
    clearInterval(clock);
    clock = undefined;
  };
}

/** The time in milliseconds, to the second: all ages on a page go on together. */
export function useNow(): number {
  return useSyncExternalStore(everySecond, () => Math.floor(Date.now() / 1_000) * 1_000);
}

/** What the roles are doing, live. @param onRefused called when the session has ended. */
export function useConsoleState(onRefused: () => void) {
  const [isLoading, setLoading] = useState(true);
  const events = { onReady: () => setLoading(false), onFailed: () => setLoading(true), onRefused };
  useSubscription(statePublication, [], events);
  return {
    isLoading,
    processes: useFind(() => Processes.find({}, { sort: { role: 1, host: 1, pid: 1 } }), []),
    counts: useFind(() => Counts.find({}, { sort: { _id: 1 } }), []),
    failures: useFind(() => Failures.find({}, { sort: { finishedAt: -1 } }), []),
    running: useFind(() => Running.find({}, { sort: { createdAt: 1 } }), []),
    workers: useFind(() => Workers.find({}, { sort: { _id: 1 } }), []),
  };
}
