import { Meteor } from 'meteor/meteor';
import { app } from '../../imports/app';
import { startRole } from '../../infra/roles';

/** Longer than the page waits for anything that it asks for by itself. */
const waitMs = 12_000;

/** The app of this checkout, whose `burn.start` first waits, as a method does that asks for the result of a task. */
startRole({
  ...app,
  api: role => {
    const api = app.api(role);
    return {
      ...api,
      async start() {
        await api.start();
        slowDown('burn.start');
      },
    };
  },
});

function slowDown(name: string): void {
  const { method_handlers: handlers } = Meteor.server;
  const method = handlers[name]!;
  handlers[name] = async function (this: unknown, ...args: never[]) {
    console.log(`slow: ${name} runs`);
    await new Promise(resolve => setTimeout(resolve, waitMs));
    return method.apply(this, args);
  };
}
