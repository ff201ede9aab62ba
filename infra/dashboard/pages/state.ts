import { Mongo } from 'meteor/mongo';
import { useFind, useSubscribe } from 'meteor/react-meteor-data';
import {
  type ShownCount,
  type ShownProcess,
  type ShownSchedule,
  type ShownTask,
  type ShownWorkers,
  statePublication,
} from '../contract';

// Filled by the publication; the database has no such collections.
const Processes = new Mongo.Collection<ShownProcess>('consoleProcesses');
const Counts = new Mongo.Collection<ShownCount>('consoleCounts');
const Failures = new Mongo.Collection<ShownTask>('consoleFailures');
const Running = new Mongo.Collection<ShownTask>('consoleRunning');
const Workers = new Mongo.Collection<ShownWorkers>('consoleWorkers');
const Schedules = new Mongo.Collection<ShownSchedule>('consoleSchedules');

/** What the roles are doing, live. */
export function useConsoleState() {
  const isLoading = useSubscribe(statePublication);
  return {
    isLoading: isLoading(),
    processes: useFind(() => Processes.find({}, { sort: { role: 1, host: 1, pid: 1 } }), []),
    counts: useFind(() => Counts.find({}, { sort: { _id: 1 } }), []),
    failures: useFind(() => Failures.find({}, { sort: { finishedAt: -1 } }), []),
    running: useFind(() => Running.find({}, { sort: { createdAt: 1 } }), []),
    workers: useFind(() => Workers.find({}, { sort: { _id: 1 } }), []),
    schedules: useFind(() => Schedules.find({}, { sort: { _id: 1 } }), []),
  };
}
