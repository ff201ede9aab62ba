import type { OperatorRole } from '../settings';
import type { ActionMethods } from './actions';
import type { AuditPosition, AuditRecord } from './audit';

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
}

export interface ShownCount {
  /** The task type. */
  _id: string;
  paused: boolean;
  /** No living role takes tasks of this type. */
  untaken: boolean;
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

/** Who looks at this page. */
export interface ShownOperator {
  _id: 'me';
  name: string;
  role: OperatorRole;
  /** The web role could not look: what this page shows is of before. */
  stale?: true;
}

/** The collections of the publication `console.state`; they exist in the browser only. */
export interface ConsoleState {
  consoleProcesses: ShownProcess[];
  consoleCounts: ShownCount[];
  consoleFailures: ShownTask[];
  consoleRunning: ShownTask[];
  consoleWorkers: ShownWorkers[];
}

/** Beside these, one document of each operator's own: a `ShownOperator`. */
export const operatorCollection = 'consoleOperator';

export const statePublication = 'console.state';

/**
 * A page's own data, live: `subscribe(viewPublication, name, params)`. The document `viewKey(name, params)` of the first
 * collection has its fields and the ids of its rows in their order, the second one the rows.
 */
export const viewPublication = 'console.view';
export const viewCollection = 'consoleViews';
export const rowCollection = 'consoleRows';

/** The same question has the same key, in whatever order its fields come. */
export function viewKey(name: string, params: object): string {
  return JSON.stringify([name, Object.entries(params).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** An operator's login on a page. */
export interface Entered {
  session: string;
  expiresAt: Date;
  name: string;
  role: OperatorRole;
}

/** The last lines of an attempt. */
export interface ShownLog {
  lines: { at: Date; text: string; level?: string; stream?: string; fields?: string }[];
  /** How many came before them. */
  dropped: number;
}

/** The methods of the console: all but the first three need an operator. Those that act are in actions.ts. */
export interface ConsoleMethods extends ActionMethods {
  'console.login': (token: string) => Entered;
  'console.enter': (session: string) => Entered;
  /** Who has logged in already by the app's accounts, and may operate. */
  'console.me': () => Omit<ShownOperator, '_id'> | undefined;
  'console.leave': () => void;
  /** What was written while an attempt ran; undefined where there is none. */
  'console.attemptLog': (taskId: string, startedAt: Date) => ShownLog | undefined;
  /** For an admin: what operators did, the newest 200, or those before. */
  'console.audit': (before?: AuditPosition) => { records: AuditRecord[]; next?: AuditPosition };
}
