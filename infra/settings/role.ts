import type { Settings } from './schema';

/** What this process is: one of the two roles, or both at once (development without `runJobs`). */
export type Role = 'web' | 'jobs' | 'both';

export function roleOf({ runJobs }: Pick<Settings, 'runJobs'>): Role {
  if (runJobs === undefined) return 'both';
  return runJobs ? 'jobs' : 'web';
}
