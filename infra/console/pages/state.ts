import { Meteor } from 'meteor/meteor';
import { Mongo } from 'meteor/mongo';
import { useFind } from 'meteor/react-meteor-data';
import { useEffect, useState } from 'react';
import {
  type ShownCount,
  type ShownProcess,
  type ShownSchedule,
  type ShownTask,
  type ShownWorkers,
  statePublication,
} from '../contract';
import { isRefusal, useAttempts } from './session';

// Filled by the publication; the database has no such collections.
const Processes = new Mongo.Collection<ShownProcess>('consoleProcesses');
const Counts = new Mongo.Collection<ShownCount>('consoleCounts');
const Failures = new Mongo.Collection<ShownTask>('consoleFailures');
const Running = new Mongo.Collection<ShownTask>('consoleRunning');
const Workers = new Mongo.Collection<ShownWorkers>('consoleWorkers');
const Schedules = new Mongo.Collection<ShownSchedule>('consoleSchedules');

/**
 * Asks for the state as long as the page is open, again where the server can't look (its database is away, say).
 *
 * @param onRefused called when the session has ended.
 * @returns whether it has not come yet.
 */
function useSubscription(onRefused: () => void): boolean {
  const [isLoading, setLoading] = useState(true);
  const { attempt, again } = useAttempts();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new attempt is what subscribes again.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const stopped = (error?: unknown) => {
      if (!error) return;
      if (isRefusal(error)) return onRefused();
      setLoading(true);
      timer = again();
    };
    const handle = Meteor.subscribe(statePublication, { onReady: () => setLoading(false), onStop: stopped });
    return () => {
      clearTimeout(timer);
      handle.stop();
    };
  }, [attempt, again, onRefused]);
  return isLoading;
}

/** What the roles are doing, live. */
export function useConsoleState(onRefused: () => void) {
  return {
    isLoading: useSubscription(onRefused),
    processes: useFind(() => Processes.find({}, { sort: { role: 1, host: 1, pid: 1 } }), []),
    counts: useFind(() => Counts.find({}, { sort: { _id: 1 } }), []),
    failures: useFind(() => Failures.find({}, { sort: { finishedAt: -1 } }), []),
    running: useFind(() => Running.find({}, { sort: { createdAt: 1 } }), []),
    workers: useFind(() => Workers.find({}, { sort: { _id: 1 } }), []),
    schedules: useFind(() => Schedules.find({}, { sort: { _id: 1 } }), []),
  };
}
