import { Meteor } from 'meteor/meteor';
import { live } from '../live';
import type { ApiPart } from '../part';
import { ensureTaskIndex, QueuedTasks } from './collection';
import { visitorTasks } from './schema';

export const tasks: ApiPart = {
  limits: {},
  publications: ['tasks.mine'],
  ensureIndexes: ensureTaskIndex,
  async start() {
    publishTasks();
  },
};

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

/** `tasks.mine`: how the visitor's own tasks are doing, under a name of its own in the browser. */
function publishTasks(): void {
  Meteor.publish('tasks.mine', async function () {
    // Not ready without a visitor: after a reconnect the page keeps what it shows until `visitors.enter` has come.
    if (!this.userId) return;
    const mine = { 'data.owner': this.userId };
    const cursor = QueuedTasks.find(mine, { fields, sort: { createdAt: -1 }, limit: newest, ...live });
    const handle = await cursor.observeChangesAsync({
      added: (id, task) => this.added(visitorTasks, id, task),
      changed: (id, changes) => this.changed(visitorTasks, id, changes),
      removed: id => this.removed(visitorTasks, id),
    });
    this.onStop(() => handle.stop());
    this.ready();
  });
}
