import { Meteor } from 'meteor/meteor';
import { jobs } from '../../../infra/link';
import { live } from '../live';
import { Notifications } from './collection';
import { nextDue } from './next-due';
import { scheduleNames, timetable } from './schedule';
import { type Due, dues } from './schema';

const newest = 8;
const schedule = 'sendNotifications';

/** `notifications.latest`: for everybody, since they tell counts only. `notifications.due`: when the next one comes. */
export function publishNotifications(): void {
  Meteor.publish('notifications.latest', () =>
    Notifications.find({}, { sort: { createdAt: -1 }, limit: newest, ...live }),
  );

  Meteor.publish('notifications.due', function () {
    let timer: NodeJS.Timeout;
    const tell = (how: 'added' | 'changed') => {
      const due = whenDue(new Date());
      this[how](dues, schedule, due);
      // Anew each minute, too: clocks are set, a jobs role comes up, and no timer goes on for a month.
      const untilDue = due.nextDue ? due.nextDue.getTime() - due.at.getTime() + 1 : 60_000;
      timer = setTimeout(() => tell('changed'), Math.min(untilDue, 60_000));
    };
    tell('added');
    this.onStop(() => clearTimeout(timer));
    this.ready();
  });
}

function whenDue(at: Date): Omit<Due, '_id'> {
  const next = toldByJobs(at) ?? nextDue(timetable[schedule], at);
  return next ? { at, nextDue: next } : { at };
}

/** As a jobs role says over the link: it runs the schedule, by its own time zone and settings. */
function toldByJobs(at: Date): Date | undefined {
  const schedules = jobs.live().flatMap(role => role.schedules);
  return schedules.find(({ name, nextAt }) => name === scheduleNames[schedule] && nextAt && nextAt > at)?.nextAt;
}
