// The page of ddp-client-browser.test.ts: all hooks under React's StrictMode, with a count of what was rendered.
import { EJSON } from 'meteor/ejson';
import { Meteor } from 'meteor/meteor';
import { Mongo } from 'meteor/mongo';
import { Random } from 'meteor/random';
import { useFind, useSubscribe, useTracker } from 'meteor/react-meteor-data';
import { Tracker } from 'meteor/tracker';
import React, { memo, StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

interface Thing {
  _id: string;
  rank: number;
  group: string;
}

const Things = new Mongo.Collection<Thing>('truth.things');

/** How often each part was rendered and kept; StrictMode renders twice, so only effects count. */
const commits: Record<string, number> = {};

function useCommits(name: string): void {
  useEffect(() => {
    commits[name] = (commits[name] ?? 0) + 1;
  });
}

const Row = memo(function Row({ thing }: { thing: Thing }) {
  useCommits(thing._id);
  return <li id={thing._id}>{thing.rank}</li>;
});

function All() {
  const isLoading = useSubscribe('truth.all');
  const things = useFind(() => Things.find({}, { sort: { rank: 1 } }));
  return (
    <ul data-loading={isLoading()}>
      {things?.map(thing => (
        <Row key={thing._id} thing={thing} />
      ))}
    </ul>
  );
}

function Group() {
  const [group, setGroup] = useState('even');
  const isLoading = useSubscribe('truth.group', group);
  const ids = useTracker(() => Things.find({ group }, { sort: { rank: 1 } }).map(({ _id }) => _id), [group]);
  const found = useFind(() => (group === 'none' ? null : Things.find({ group })), [group]);
  useCommits('group');
  return (
    <p id="group" data-loading={isLoading()} data-found={found ? found.length : String(found)}>
      {ids.join(' ')}
      {['even', 'odd', 'none'].map(name => (
        <button key={name} type="button" id={`choose-${name}`} onClick={() => setGroup(name)}>
          {name}
        </button>
      ))}
    </p>
  );
}

function Status() {
  const status = useTracker(() => Meteor.status().status);
  const failing = useTracker(() => Things.find({ group: 'fails' }).count() > 0, []);
  useCommits('status');
  return (
    <p id="status">
      {status} {String(failing)}
    </p>
  );
}

function Page() {
  const [shown, setShown] = useState(true);
  return (
    <StrictMode>
      <button type="button" id="toggle" onClick={() => setShown(!shown)}>
        show or hide
      </button>
      <Status />
      {shown && <All />}
      {shown && <Group />}
    </StrictMode>
  );
}

Meteor.startup(() => {
  const root = document.body.appendChild(document.createElement('div'));
  createRoot(root).render(<Page />);
});

Object.assign(window, { Meteor, Mongo, Things, EJSON, Random, Tracker, commits });
