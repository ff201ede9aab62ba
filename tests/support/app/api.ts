import { Meteor } from 'meteor/meteor';
import { Mongo } from 'meteor/mongo';
import { WebApp } from 'meteor/webapp';
import type { Service } from '../../../infra/app';
import { defineMethods } from '../../../infra/link';
import type { Task } from '../../../infra/queue';
import { queue } from './queue';

/** Visitors who add tasks and see their own, and an upload and a download that keep nothing. */
export function createApi(): Service {
  return {
    name: 'api',
    async start() {
      defineMethods({ 'visitors.enter': enter, 'burn.start': startBurn, hold });
      publishTasks();
      WebApp.handlers.post('/upload/pictures', takeIn);
      WebApp.handlers.get('/files/:id', (_request, response) => void response.writeHead(404).end());
    },
    async stop() {},
  };
}

async function enter(this: Meteor.MethodThisType, token: unknown): Promise<void> {
  if (typeof token !== 'string') throw new Meteor.Error('bad-input', 'the token must be a text');
  await this.setUserId(token);
}

async function startBurn(this: Meteor.MethodThisType, order: unknown): Promise<number> {
  const owner = this.userId;
  const { seconds, tasks } = Object(order) as { seconds?: number; tasks?: number };
  if (!owner || !(seconds! > 0) || !(tasks! > 0)) throw new Meteor.Error('bad-input', 'enter, then say how much');
  const burns = Array.from({ length: tasks! }, () => ({
    taskType: 'burn' as const,
    data: { seconds: seconds!, owner },
  }));
  return (await queue.addTasks(burns)).length;
}

/** Never ends while its caller is there. */
function hold(this: Meteor.MethodThisType): Promise<void> {
  return new Promise(resolve => this.connection!.onClose(resolve));
}

function publishTasks(): void {
  const queued = new Mongo.Collection<Task>('taskQueue', { defineMutationMethods: false });
  Meteor.publish('tasks.mine', async function () {
    const mine = queued.find({ 'data.owner': this.userId }, { fields: { taskType: 1, state: 1 }, limit: 60 });
    for (const { _id, ...fields } of await mine.fetchAsync()) this.added('visitorTasks', _id, fields);
    this.ready();
  });
}

function takeIn(request: NodeJS.ReadableStream, response: { writeHead(status: number): { end(): void } }): void {
  request.on('end', () => response.writeHead(201).end());
  request.resume();
}
