import type { Db } from 'mongodb';
import type { Handler } from '../../../../infra/workers/handler';
import { type Notification, notificationsCollection } from '../../notifications/documents';
import { countPictures } from '../../pictures/documents';
import { countReports } from '../../reports/documents';

/** How far back the first notification looks, and how far any does after a long silence. */
const longestSpanMs = 60 * 60_000;

/**
 * Tells everybody what happened since the last notification: counts, nobody's data. Safe to run again: the notification
 * has the task's `_id`, and its span is fixed by the task's due date, so that a second run writes the same one.
 */
export const handler: Handler<'sendNotifications'> = async (task, context) => {
  const until = task.dueDate;
  const since = await spanStart(context.db, until);
  const notification = { createdAt: new Date(), since, until, ...digest(await askedFor(context.db, since, until)) };
  const notifications = context.db.collection<Notification>(notificationsCollection);
  await notifications.updateOne({ _id: task._id }, { $setOnInsert: notification }, { upsert: true });
  return { title: notification.title };
};

async function spanStart(db: Db, until: Date): Promise<Date> {
  const [previous] = await db
    .collection<Notification>(notificationsCollection)
    .find({ until: { $lt: until } })
    .sort({ until: -1 })
    .limit(1)
    .toArray();
  return new Date(Math.max(previous?.until.getTime() ?? 0, until.getTime() - longestSpanMs));
}

async function askedFor(db: Db, since: Date, until: Date): Promise<string[]> {
  const parts = await Promise.all(counted.map(count => count(db, { $gte: since, $lt: until })));
  return parts.filter(part => part !== undefined);
}

/** The words of a notification. @param parts what was asked for, such as `2 pictures`. */
export function digest(parts: readonly string[]): Pick<Notification, 'title' | 'text'> {
  if (parts.length === 0) return { title: 'All quiet', text: 'Nobody asked for anything since the last notification.' };
  return { title: 'Work came in', text: `Asked for since the last notification: ${parts.join(' and ')}.` };
}

/** Counts what was asked for in a span, in words; nothing where there was none. */
type Counter = (db: Db, createdAt: { $gte: Date; $lt: Date }) => Promise<string | undefined>;

/** What a notification tells of, a line for each domain. */
export const counted: readonly Counter[] = [
  // In the order of the sentence.
  countReports,
  countPictures,
];
