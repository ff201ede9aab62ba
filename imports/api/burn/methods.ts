import { Meteor } from 'meteor/meteor';
import { TaskQueue } from '../../../infra/queue';
import { maxBurnSeconds, maxBurnTasks } from '../../tasks/limits';
import { badInput, parse, visitorOf } from '../errors';
import { countLive } from '../tasks/of-visitor';

/** `burn.start({ seconds, tasks })`: as many tasks that each keep a core busy for that long. */
export function defineBurnMethods(): void {
  Meteor.methods({
    async 'burn.start'(order: unknown) {
      const owner = visitorOf(this);
      const { seconds, tasks } = parse('burn.start', order, { seconds: Number, tasks: Number });
      refuseHuge(seconds, tasks);
      if ((await countLive(owner, 'burn')) > 0) throw new Meteor.Error('too-many', 'Your last burn is still going.');
      const orders = Array.from({ length: tasks }, () => ({ taskType: 'burn', data: { seconds, owner } }) as const);
      await TaskQueue.addTasks(orders);
      return tasks;
    },
  });
}

function refuseHuge(seconds: number, tasks: number): void {
  if (!(seconds >= 0.1 && seconds <= maxBurnSeconds))
    throw badInput(`burn.start: seconds: ${seconds} is not between 0.1 and ${maxBurnSeconds}`);
  if (!(Number.isInteger(tasks) && tasks >= 1 && tasks <= maxBurnTasks))
    throw badInput(`burn.start: tasks: ${tasks} is not a whole number from 1 to ${maxBurnTasks}`);
}
