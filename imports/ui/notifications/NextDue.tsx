import { Mongo } from 'meteor/mongo';
import { useFind, useSubscribe } from 'meteor/react-meteor-data';
import React, { useMemo } from 'react';
import { type Due, dues } from '../../api/notifications/schema';
import { seconds } from '../format';
import { useNow } from './use-now';

const Dues = new Mongo.Collection<Due>(dues);

/** How long it is until the next notification. */
export function NextDue() {
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
