import { check } from 'meteor/check';
import { Meteor, type Subscription } from 'meteor/meteor';
import { defineMethods } from '../../../infra/link';
import { TaskQueue } from '../../../infra/queue';
import type { Task, TaskState } from '../../../infra/queue/model/task';
import { notFound, parse, visitorOf } from '../errors';
import { live } from '../live';
import type { ApiPart } from '../part';
import { QueuedTasks } from './collection';
import { PlaceInLine } from './place-in-line';
import { visitorTasks } from './schema';

export const tasks: ApiPart<'tasks'> = {
  limits: { 'tasks.cancel': [20, 10_000] },
  publications: ['tasks.mine', 'tasks.one'],
  async start() {
    defineTaskMethods();
    publishMine();
    publishOne();
  },
};

declare module '../contract' {
  interface Methods {
    'tasks.cancel': (id: string) => undefined;
  }
}

function defineTaskMethods(): void {
  defineMethods({
    async 'tasks.cancel'(id: unknown) {
      const mine = { _id: parse('tasks.cancel', id, String), ...ofVisitor(visitorOf(this)) };
      const task = await QueuedTasks.findOneAsync(mine, { fields: { _id: 1 } });
      if (!task) throw notFound('task');
      await TaskQueue.cancel(task._id);
    },
  });
}

/** What the app's `ownerField` says, as Meteor's selector. */
const ofVisitor = (userId: string) => ({ 'data.owner': userId });

const newest = 60;

const fields = {
  taskType: 1,
  state: 1,
  createdAt: 1,
  'progress.fraction': 1,
  'progress.note': 1,
  'error.name': 1,
  'error.message': 1,
  attempt: 1,
  finishedAt: 1,
} as const;

/**
 * `tasks.mine`: how the visitor's own tasks are doing, under a name of its own in the browser. Members of a batch are not
 * among them: a hundred chunks of one import would push out everything else.
 */
function publishMine(): void {
  Meteor.publish('tasks.mine', async function () {
    // Not ready without a visitor: after a reconnect the page keeps what it shows until `visitors.enter` has come.
    if (!this.userId) return;
    const mine = { ...ofVisitor(this.userId), batch: { $exists: false } };
    const cursor = QueuedTasks.find(mine, { fields, sort: { createdAt: -1 }, limit: newest, ...live });
    await show(this, cursor);
  });
}

/** `tasks.one`: one of them with its result and, while it waits in line, how many go before it. */
function publishOne(): void {
  Meteor.publish('tasks.one', async function (id: unknown) {
    check(id, String);
    if (!this.userId) return;
    const mine = { _id: id as string, ...ofVisitor(this.userId) };
    const cursor = QueuedTasks.find(mine, { fields: { ...fields, result: 1 }, limit: 1, ...live });
    const place = new PlaceInLine(id as string, ahead => this.changed(visitorTasks, id as string, { ahead }));
    this.onStop(() => place.stop());
    await show(this, cursor, state => place.follow(state));
  });
}

type Cursor = ReturnType<typeof QueuedTasks.find>;

async function show(to: Subscription, cursor: Cursor, onState: (state: TaskState) => void = () => {}): Promise<void> {
  const tell = ({ state }: Partial<Task>) => state && onState(state);
  const handle = await cursor.observeChangesAsync({
    added: (id, task) => {
      to.added(visitorTasks, id, task);
      tell(task);
    },
    changed: (id, changes) => {
      to.changed(visitorTasks, id, changes);
      tell(changes);
    },
    removed: id => to.removed(visitorTasks, id),
  });
  to.onStop(() => handle.stop());
  to.ready();
}
