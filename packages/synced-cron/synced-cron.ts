import { Meteor } from 'meteor/meteor';
import { Mongo } from 'meteor/mongo';
import { Cron } from './cron';
import type { HistoryCollection } from './store/history';

export type { Entry, MissedRuns } from './entry';
export type { LogEntry, LogEvent, Logger, LogLevel } from './log';
export { nextDate } from './next-date';
export type { Options } from './options';
export type { RunOutcome } from './run/record';
export type { HistoryRecord } from './store/history';

/** The cron of this process. */
export const SyncedCron = new Cron({
  clock: {
    now: () => Date.now(),
    // Meteor's own timers leave the method that the caller may be in.
    after(ms, callback) {
      const timer = Meteor.setTimeout(callback, ms);
      return () => Meteor.clearTimeout(timer);
    },
  },
  startup: callback => Meteor.startup(callback),
  // No methods: browsers must not write here, and the app may have its own collection of that name.
  collection: name => new Mongo.Collection(name, { defineMutationMethods: false }) as unknown as HistoryCollection,
});
