import { useFind, useSubscribe } from 'meteor/react-meteor-data';
import React from 'react';
import { Notifications as NotificationsCollection } from '../../api/notifications/collection';
import { Empty } from '../components/Empty';
import { Panel } from '../components/Panel';
import { timeOfDay } from '../format';
import { NextDue } from './NextDue';

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
        {notifications.map(({ _id, createdAt, title, text }) => (
          <li key={_id} className="news-item">
            <time dateTime={createdAt.toISOString()}>{timeOfDay(createdAt)}</time>
            <div>
              <strong>{title}</strong>
              <p>{text}</p>
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
