import { Meteor } from 'meteor/meteor';
import { defineMethods } from '../../../infra/link';
import { DuplicateTasksError, TaskQueue } from '../../../infra/queue';
import { maxBurnSeconds, maxBurnTasks } from '../../tasks/catalog';
import { badInput, parse, visitorOf } from '../errors';
import type { ApiPart } from '../part';
import { countLive } from '../tasks/collection';
import { addInFreeSlot, slotKey } from '../tasks/slots';

export const burn: ApiPart<'burn'> = {
  limits: { 'burn.start': [5, 10_000] },
  publications: [],
  async start() {
    defineBurnMethods();
  },
};

declare module '../contract' {
  interface Methods {
    /** Gives how many tasks were added. */
    'burn.start': (order: { seconds: number; tasks: number }) => number;
  }
}

/** `burn.start({ seconds, tasks })`: as many tasks that each keep a core busy for that long. */
function defineBurnMethods(): void {
  defineMethods({
    async 'burn.start'(order: unknown) {
      const owner = visitorOf(this);
      const { seconds, tasks } = parse('burn.start', order, { seconds: Number, tasks: Number });
      refuseHuge(seconds, tasks);
      await startBurn(owner, seconds, tasks);
      return tasks;
    },
  });
}

const stillGoing = 'Your last burn is still going.';

/**
 * One burn of a visitor at once: its first task decides, as one live task has that key, however many ask at once. The
 * others have keys as well, for a last burn of which only the first task is done.
 */
async function startBurn(owner: string, seconds: number, tasks: number): Promise<void> {
  if ((await countLive(owner, 'burn')) > 0) throw new Meteor.Error('too-many', stillGoing);
  const slots = { key: `burn:${owner}`, count: 1, full: stillGoing };
  const task = { taskType: 'burn', data: { seconds, owner } } as const;
  const first = await addInFreeSlot(task, slots);
  const others = Array.from({ length: tasks - 1 }, (_, index) => ({ ...task, uniqueKey: slotKey(slots, index + 1) }));
  await TaskQueue.addTasks(others).catch(error => undo(first, error));
}

async function undo(first: string, error: unknown): Promise<never> {
  const added = error instanceof DuplicateTasksError ? error.added : [];
  await Promise.all([first, ...added].map(id => TaskQueue.cancel(id)));
  throw error instanceof DuplicateTasksError ? new Meteor.Error('too-many', stillGoing) : error;
}

function refuseHuge(seconds: number, tasks: number): void {
  if (!(seconds >= 0.1 && seconds <= maxBurnSeconds))
    throw badInput(`seconds: ${seconds} is not between 0.1 and ${maxBurnSeconds}`);
  if (!(Number.isInteger(tasks) && tasks >= 1 && tasks <= maxBurnTasks))
    throw badInput(`tasks: ${tasks} is not a whole number from 1 to ${maxBurnTasks}`);
}
