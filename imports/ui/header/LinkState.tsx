import { Meteor } from 'meteor/meteor';
import { useTracker } from 'meteor/react-meteor-data';
import React from 'react';

/** Whether the page and the web role hear each other, and a way to try at once where they don't. */
export function LinkState() {
  const status = useTracker(() => Meteor.status().status, []);
  const live = status === 'connected';
  const waiting = status === 'waiting' || status === 'failed' || status === 'offline';
  return (
    <div className={`link-state ${live ? 'is-live' : 'is-away'}`}>
      <p role="status">
        <i aria-hidden="true" /> {live ? 'Live' : waiting ? 'The web role is away' : 'Connecting'}
      </p>
      {waiting && (
        <button type="button" className="small" onClick={() => Meteor.reconnect()}>
          Try now
        </button>
      )}
    </div>
  );
}
