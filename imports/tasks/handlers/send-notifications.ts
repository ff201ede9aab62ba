import type { Db } from 'mongodb';
import type { Handler } from '../../../infra/workers/handler';
import { collections, type Notification, type Picture, type Report } from '../documents';

/** How far back the first notification looks, and how far any does after a long silence. */
const longestSpanMs = 60 * 60_000;

/**
 * Tells everybody what happened since the last notification: counts, nobody's data. Safe to run again: the notification
 * has the task's `_id`, and its span is fixed by the task's due date, so that a second run writes the same one.
 */
export const handler: Handler<'sendNotifications'> = async (task, context) => {
  const until = task.dueDate;
  const since = await spanStart(context.db, until);
  const notification = { createdAt: new Date(), since, until, ...digest(await count(context.db, since, until)) };
  const notifications = context.db.collection<Notification>(collections.notifications);
  await notifications.updateOne({ _id: task._id }, { $setOnInsert: notification }, { upsert: true });
  return { title: notification.title };
};

async function spanStart(db: Db, until: Date): Promise<Date> {
  const [previous] = await db
    .collection<Notification>(collections.notifications)
    .find({ until: { $lt: until } })
    .sort({ until: -1 })
    .limit(1)
    .toArray();
  return new Date(Math.max(previous?.until.getTime() ?? 0, until.getTime() - longestSpanMs));
}

export interface Counts {
  reports: number;
  rows: number;
  pictures: number;
}

async function count(db: Db, since: Date, until: Date): Promise<Counts> {
  const inSpan = { createdAt: { $gte: since, $lt: until } };
  const asked = await db
    .collection<Report>(collections.reports)
    .find(inSpan)
    .project<{ rows: number }>({ rows: 1 })
    .toArray();
  const pictures = await db.collection<Picture>(collections.pictures).countDocuments(inSpan);
  return { reports: asked.length, rows: asked.reduce((sum, { rows }) => sum + rows, 0), pictures };
}

/** The words of a notification, for these counts. */
export function digest({ reports, rows, pictures }: Counts): Pick<Notification, 'title' | 'text'> {
  const parts = [
    reports && `${plural(reports, 'report')} of ${plural(rows, 'row')}`,
    pictures && plural(pictures, 'picture'),
  ].filter(Boolean);
  if (parts.length === 0) return { title: 'All quiet', text: 'Nobody asked for anything since the last notification.' };
  return { title: 'Work came in', text: `Asked for since the last notification: ${parts.join(' and ')}.` };
}

function plural(n: number, word: string): string {
  return `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`;
}
