/** An app that says what happens to it while it boots. */
import { setTimeout as wait } from 'node:timers/promises';
import { Meteor } from 'meteor/meteor';
import { WebApp } from 'meteor/webapp';

const say = (text: string) => console.log(`* ${text}`);

Meteor.startup(async () => {
  say(`first hook begins, the door is ${WebApp.httpServer.listening ? 'open' : 'closed'}`);
  if (Meteor.settings.failInHook) throw new Error('the hook says no');
  await wait(50);
  say('first hook ends');
});
Meteor.startup(() => {
  say('second hook');
  Meteor.startup(() => say('a hook that a hook has added'));
});
WebApp.onListening(() => Meteor.startup(() => say('a hook after the start runs at once')));

await wait(10);
say('loaded');
