import { Meteor } from 'meteor/meteor';
import { Mongo } from 'meteor/mongo';
import type { RoleHandlersOf } from '../../../infra/workers/handler';
import type { Catalog } from './catalog';

const people = new Mongo.Collection<{ _id: string; seen: number }>('people');

/** Handlers that only a role can run: they have Meteor's own collections and methods. */
export const roleHandlers: RoleHandlersOf<Catalog> = {
  lookUp: async () => ({
    async handler({ data: { name, computeMs = 0, hang, leave, fail } }, { signal, progress, log }) {
      await people.upsertAsync(name, { $inc: { seen: 1 } });
      for (const until = Date.now() + computeMs; Date.now() < until; );
      progress(0.5, 'half');
      log('looked up', { name });
      if (fail) throw new Error(fail);
      if (leave) void Promise.reject(new Error('left alone'));
      if (hang) await new Promise(() => {});
      signal.throwIfAborted();
      const { seen } = (await people.findOneAsync(name))!;
      return { seen, isServer: Meteor.isServer, pid: process.pid };
    },
  }),
};
