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
    // Meteor's own timers leave behind the method that the caller may be in.
    after(ms, callback) {
      const timer = Meteor.setTimeout(callback, ms);
      return () => Meteor.clearTimeout(timer);
    },
  },
  startup: callback => Meteor.startup(callback),
  // No methods: browsers have no business here, and the app may have a collection of that name of its own.
  collection: name => new Mongo.Collection(name, { defineMutationMethods: false }) as unknown as HistoryCollection,
});
