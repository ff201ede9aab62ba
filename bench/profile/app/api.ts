import { Meteor } from 'meteor/meteor';
import { Mongo } from 'meteor/mongo';
import type { Service } from '../../../infra/app';
import { TaskQueue, type TaskQueueOf } from '../../../infra/queue';
import type { Catalog } from './catalog';
import { plainTasks } from './handlers';
import { LoopDelay } from './loop-delay';

/** By its types the queue of this app; the process has one. */
export const queue = TaskQueue as unknown as TaskQueueOf<Catalog>;

type TaskOf<T> = T extends keyof Catalog ? { taskType: T; data: object } : never;
export type Wish = TaskOf<'compute' | 'crash' | 'leak'>;

/** Tasks are documents then that somebody will look for. */
const isPlain = process.env.PROFILE_TASKS_IN === 'plain';

/** Methods and a publication that do next to nothing, so that what is measured is the way. */
export function createApi(): Service {
  const loop = new LoopDelay();
  return {
    name: 'api',
    async start() {
      loop.start();
      const tasks = new Mongo.Collection<object>(plainTasks);
      const add = isPlain ? insertInto(tasks) : addToQueue;
      Meteor.methods({
        'profile.read': () => ({ at: performance.timeOrigin + performance.now() }),
        'profile.loop': () => loop.take(),
        'profile.add': (wishes: Wish[]) => add(wishes),
      });
      const ticks = new Mongo.Collection<object>('profileTicks');
      Meteor.publish('profile.ticks', () => ticks.find());
    },
    async stop() {},
  };
}

async function addToQueue(wishes: Wish[]): Promise<void> {
  await queue.addTasks(wishes as Parameters<typeof queue.addTasks>[0]);
}

const insertInto = (tasks: Mongo.Collection<object>) => async (wishes: Wish[]) => {
  const documents = wishes.map(wish => ({ ...wish, state: 'queued', createdAt: new Date() }));
  await tasks.rawCollection().insertMany(documents);
};
