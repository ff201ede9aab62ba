export {
  drainingCode,
  type Jobs,
  LinkError,
  type LiveSchedule,
  type LiveState,
  type LiveTask,
  type LiveWorker,
  type RunOptions,
} from './contract';
export { defineMethods } from './define-methods';
export { connectJobs, jobs, LocalJobs } from './jobs';
export { LinkClient } from './link-client';
export { LinkServer, type LinkServerOptions } from './link-server';
