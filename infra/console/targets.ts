import type { BulkKind, NewLimits } from '../queue';

/** Many tasks: those that were chosen, or all that match a filter. */
export interface TaskSelection {
  kind: BulkKind;
  ids?: string[];
  /** As in the filter bar. */
  q?: string;
}

/** A stored schedule as the page writes it. */
export interface ScheduleForm {
  name: string;
  taskType: string;
  /** The payload as JSON. */
  data: string;
  /** One of the three. */
  cron?: string;
  text?: string;
  /** In milliseconds. */
  every?: number;
  timezone?: string;
  missedRuns?: string;
  /** In milliseconds. */
  jitter?: number;
  until?: Date;
}

/** What each kind of action gets: all task types are named by null. */
export interface Targets {
  runningTask: string;
  failedTask: string;
  /** Whatever its state. */
  task: string;
  /** A finished task, and the payload as JSON that is to take the place of its own. */
  mendedTask: { id: string; payload: string };
  tasks: TaskSelection;
  bulkWork: string;
  taskType: string | null;
  /** Some type, not all. */
  oneType: string;
  typeLimits: { taskType: string } & NewLimits;
  /** Of the app's code. */
  schedule: string;
  storedSchedule: string;
  scheduleForm: ScheduleForm;
  /** `role` is the id of a jobs role. */
  worker: { role: string; pid: number };
  jobsRole: string;
  batch: string;
  errorGroup: string;
}
export type TargetKind = keyof Targets;
