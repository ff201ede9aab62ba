import { Meteor } from 'meteor/meteor';
import { app } from '../../imports/app';
import { startRole } from '../../infra/roles';

/** Longer than the page waits for anything that it asks for by itself. */
const waitMs = 12_000;

/**
 * The app of this checkout, whose `burn.start` first waits, as a method does that asks for the result of a task, and whose
 * `reports.build` first computes, as no method should.
 */
startRole({
  ...app,
  api: role => {
    const api = app.api(role);
    return {
      ...api,
      async start() {
        await api.start();
        slowDown('burn.start', () => new Promise(resolve => setTimeout(resolve, waitMs)));
        slowDown('reports.build', compute);
      },
    };
  },
});

function slowDown(name: string, first: () => unknown): void {
  const { method_handlers: handlers } = Meteor.server;
  const method = handlers[name]!;
  handlers[name] = async function (this: unknown, ...args: never[]) {
    console.log(`slow: ${name} runs`);
    await first();
    return method.apply(this, args);
  };
}

/** Nobody else gets a turn meanwhile. */
function compute(): void {
  for (const until = Date.now() + waitMs; Date.now() < until; );
}
