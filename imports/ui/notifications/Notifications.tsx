import { Mongo } from 'meteor/mongo';
import { useFind, useSubscribe } from 'meteor/react-meteor-data';
import React, { useEffect, useMemo, useState } from 'react';
import { Notifications as NotificationsCollection } from '../../api/notifications/collection';
import { type Due, dues } from '../../api/notifications/schema';
import type { Notification } from '../../tasks/notifications/documents';
import { Empty, Panel } from '../components/Panel';
import { seconds, timeOfDay } from '../format';

/** What the schedule tells, as it comes. */
export function Notifications() {
  const loading = useSubscribe('notifications.latest');
  const notifications = useFind(() => NotificationsCollection.find({}, { sort: { createdAt: -1 } }), []);
  return (
    <Panel
      area="notifications"
      title="Notifications"
      hint="A schedule has one written every minute."
      aside={<NextDue />}
    >
      <ol className="news" aria-live="polite" aria-relevant="additions">
        {withoutRepeats(notifications).map(({ _id, createdAt, title, text, first }) => (
          <li key={_id} className="news-item">
            <time dateTime={createdAt.toISOString()}>{timeOfDay(createdAt)}</time>
            <div>
              <strong>{title}</strong>
              <p>{first ? `The same since ${timeOfDay(first)}.` : text}</p>
            </div>
          </li>
        ))}
      </ol>
      {notifications.length === 0 && (
        <Empty>{loading() ? 'Listening …' : 'None yet. The first comes when it is due.'}</Empty>
      )}
    </Panel>
  );
}

type Shown = Notification & { first?: Date };

/** Of those that say the same in a row only the last is shown, with the time of the first: a quiet hour is one line. */
function withoutRepeats(newestFirst: readonly Notification[]): Shown[] {
  const shown: Shown[] = [];
  for (const one of newestFirst) {
    const last = shown.at(-1);
    if (last?.title === one.title && last.text === one.text) last.first = one.createdAt;
    else shown.push({ ...one });
  }
  return shown;
}

const Dues = new Mongo.Collection<Due>(dues);

/** How long it is until the next notification. */
function NextDue() {
  useSubscribe('notifications.due');
  const [due] = useFind(() => Dues.find(), []);
  const now = useNow(250);
  // Counted from when the news came, by this browser's clock: it may differ from the server's.
  const arrival = useMemo(
    () => (due?.nextDue ? Date.now() + due.nextDue.getTime() - due.at.getTime() : undefined),
    [due],
  );
  if (arrival === undefined) return null;
  const left = Math.max(0, arrival - now) / 1_000;
  return (
    <p className="next-due" role="timer" aria-live="off">
      Next in <b>{seconds(Math.ceil(left))}</b>
    </p>
  );
}

/** The time, again every `everyMs`. */
function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}
