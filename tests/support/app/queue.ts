import { TaskQueue, type TaskQueueOf } from '../../../infra/queue';
import type { Catalog } from './catalog';

/** The role's queue, by its types that of the app of this checkout: here another app runs. */
export const queue = TaskQueue as unknown as TaskQueueOf<Catalog>;
