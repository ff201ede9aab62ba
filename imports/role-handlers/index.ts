import type { RoleHandlers } from '../../infra/workers/handler';

/**
 * Where the code of each task type with `runsIn: 'role'` is. The jobs role loads it, each handler when its first task
 * comes: it may use all of Meteor, and must not compute. All other types are in `imports/tasks/handlers`.
 */
export const roleHandlers = {
  // A line for each, such as: welcome: () => import('./welcome'),
} satisfies RoleHandlers;
