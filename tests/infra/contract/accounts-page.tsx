// The page of accounts-browser.test.ts: shows who is logged in, and notes each change of it.
import { Accounts } from 'meteor/accounts-base';
import { Meteor } from 'meteor/meteor';
import { useTracker } from 'meteor/react-meteor-data';
import { Roles } from 'meteor/roles';
import { Tracker } from 'meteor/tracker';
import React from 'react';
import { createRoot } from 'react-dom/client';

function Who() {
  const name = useTracker(() => (Meteor.userId() ? Meteor.user()?.username : 'guest'));
  const isBusy = useTracker(() => Meteor.loggingIn());
  return (
    <p id="who" data-busy={isBusy}>
      {name}
    </p>
  );
}

/** What the page has been, in order. */
const been: (string | null)[] = [];
Tracker.autorun(() => void been.push(Meteor.userId()));

const links: string[] = [];
for (const [kind, on] of Object.entries({
  reset: Accounts.onResetPasswordLink,
  verify: Accounts.onEmailVerificationLink,
  enroll: Accounts.onEnrollmentLink,
}))
  on((token: string, done: () => void) => {
    links.push(kind);
    Object.assign(window, { linkToken: token, linkDone: done });
  });

const heard: string[] = [];
Accounts.onLogin(() => heard.push('login'));
Accounts.onLoginFailure(() => heard.push('failure'));
Accounts.onLogout(() => heard.push('logout'));

/** Resolves when the call has called back; to its error where it has one. */
const done = (call: (callback: (error?: Error) => void) => void) =>
  new Promise(resolve => call(error => resolve(error ? (error as Meteor.Error).reason : 'fine')));

Meteor.startup(() => {
  const root = document.body.appendChild(document.createElement('div'));
  createRoot(root).render(<Who />);
});

Object.assign(window, { Meteor, Accounts, Roles, been, links, heard, done });
