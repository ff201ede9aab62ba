import type { ActionMethods } from './actions';

/** What the console page receives and may do. Shared by the server's half and the page. */

export interface ShownProcess {
  _id: string;
  role: string;
  host: string;
  pid: number;
  version: string;
  commit: string;
  state: string;
  startedAt: Date;
  lastSeen: Date;
  /** Task types whose handlers run in this role and have held its event loop, with the longest time. */
  heldLoop?: { taskType: string; longestMs: number }[];
}

export interface ShownCount {
  /** The task type. */
  _id: string;
  paused: boolean;
  /** No living role takes tasks of this type. */
  untaken: boolean;
  /** Since everything is: the type can't be resumed alone. */
  pausedWithAll: boolean;
  scheduled: number;
  waiting: number;
  queued: number;
  running: number;
  done: number;
  failed: number;
  cancelled: number;
  rejected: number;
}

export interface ShownTask {
  _id: string;
  taskType: string;
  state: string;
  attempts: number;
  error?: { name: string; message: string };
  createdAt: Date;
  finishedAt?: Date;
}

export interface ShownWorkers {
  _id: string;
  enabled: boolean;
  workers: number;
  slots: number;
  busy: number;
  load: { eventLoopDelayMs: number; cpu: number; freeMemoryMb: number; paused: boolean };
}

export interface ShownSchedule {
  /** Its name. */
  _id: string;
  nextAt?: Date;
}

/** The collections of the publication `console.state`; they exist in the browser only. */
export interface ConsoleState {
  consoleProcesses: ShownProcess[];
  consoleCounts: ShownCount[];
  consoleFailures: ShownTask[];
  consoleRunning: ShownTask[];
  consoleWorkers: ShownWorkers[];
  consoleSchedules: ShownSchedule[];
}

export const consoleCollections = [
  'consoleProcesses',
  'consoleCounts',
  'consoleFailures',
  'consoleRunning',
  'consoleWorkers',
  'consoleSchedules',
] as const satisfies readonly (keyof ConsoleState)[];

export const statePublication = 'console.state';

/** The methods of the console: all but the first two need an operator. Those that act are in actions.ts. */
export interface ConsoleMethods extends ActionMethods {
  'console.login': (token: string) => { session: string; expiresAt: Date };
  'console.enter': (session: string) => { session: string; expiresAt: Date };
  'console.leave': () => void;
}
