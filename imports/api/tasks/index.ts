import type { ApiPart } from '../part';
import { ensureTaskIndex } from './collection';
import { publishTasks } from './publications';

export const tasks: ApiPart = {
  limits: {},
  publications: ['tasks.mine'],
  ensureIndexes: ensureTaskIndex,
  async start() {
    publishTasks();
  },
};
