import { Meteor } from 'meteor/meteor';
import { useTracker } from 'meteor/react-meteor-data';
import React, { useEffect } from 'react';

/** What the settings call the app (`public.appName`). */
const appName: string = Meteor.settings.public.appName ?? 'Tandem';

export function Header() {
  useEffect(() => {
    document.title = appName;
  }, []);
  return (
    <header className="top">
      <a className="brand" href="/" aria-label={`${appName}, to the top of the page`}>
        <Bicycle />
        <span>{appName}</span>
      </a>
      <p className="tagline">One codebase, two roles.</p>
      <LinkState />
    </header>
  );
}

/** Two wheels, one frame: the web role and the jobs role. */
function Bicycle() {
  return (
    <svg className="mark" viewBox="0 0 44 24" aria-hidden="true">
      <circle cx="9" cy="15" r="7" />
      <circle cx="35" cy="15" r="7" />
      <path d="M9 15L16 5h12l7 10M16 5l6 10h13M22 15l6-10M14 5h4M26 5h5" />
    </svg>
  );
}

/** Whether the page and the web role hear each other, and a way to try at once where they don't. */
function LinkState() {
  const status = useTracker(() => Meteor.status().status, []);
  const live = status === 'connected';
  const waiting = status === 'waiting' || status === 'failed' || status === 'offline';
  return (
    <div className={`link-state ${live ? 'is-live' : 'is-away'}`}>
      <p role="status">
        <i aria-hidden="true" /> {live ? 'Live' : waiting ? 'Web role away' : 'Connecting'}
      </p>
      {waiting && (
        <button type="button" className="small" onClick={() => Meteor.reconnect()}>
          Try now
        </button>
      )}
    </div>
  );
}
