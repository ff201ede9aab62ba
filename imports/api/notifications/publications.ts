import { Meteor } from 'meteor/meteor';
import { timetable } from '../../tasks/timetable';
import { live } from '../live';
import { Notifications } from './collection';
import { nextDue } from './next-due';
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
      timer = setTimeout(() => tell('changed'), due.nextDue.getTime() - due.at.getTime() + 1);
    };
    tell('added');
    this.onStop(() => clearTimeout(timer));
    this.ready();
  });
}

function whenDue(at: Date): Omit<Due, '_id'> {
  return { at, nextDue: nextDue(timetable[schedule], at) };
}
