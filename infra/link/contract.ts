import type { AppDataOf, AppTaskType } from '../catalog';

/** What a jobs role shows of itself to its web roles, live. */
export interface LiveState {
  /** The process, as in the collection `processes`. */
  _id: string;
  enabled: boolean;
  /** Worker processes. */
  workers: number;
  /** Tasks that they can run at once. */
  slots: number;
  /** Tasks that run now. */
  busy: number;
  /** The task types that it runs. */
  taskTypes: string[];
  load: { eventLoopDelayMs: number; cpu: number; freeMemoryMb: number; paused: boolean };
  schedules: { name: string; nextAt?: Date }[];
  at: Date;
}

export interface RunOptions {
  /** How long the task may take, waiting for a worker included, in ms; 30 s by default. */
  timeout?: number;
}

/** What the app asks of the jobs role without the queue in between. For durable work use `TaskQueue.addTask`. */
export interface Jobs {
  /**
   * Runs an in-memory task on a jobs role and gives its result. Nothing of it survives a crash.
   *
   * @throws LinkError `down` (no jobs role could be reached in time), `timeout`, `refused` (payload) or `failed`.
   */
  run<T extends AppTaskType>(taskType: T, data: AppDataOf<T>, options?: RunOptions): Promise<unknown>;
  /** Says that there is work; costs next to nothing and promises nothing. */
  nudge(): void;
  /** Runs a schedule of a jobs role now. @throws LinkError; `refused` for a name that it does not know. */
  runSchedule(name: string): Promise<void>;
  /** The jobs roles that can be reached, as they last reported. */
  live(): LiveState[];
  isUp(): boolean;
}

/** Names on the wire. */
export const wire = {
  challenge: 'link.challenge',
  prove: 'link.prove',
  run: 'link.run',
  nudge: 'link.nudge',
  runSchedule: 'link.runSchedule',
  live: 'link.live',
  liveCollection: 'jobsLive',
} as const;

export type LinkFailure = 'down' | 'timeout' | 'refused' | 'failed';

/** Why a call over the link brought no result; `code` says it to a program, the message to a person. */
export class LinkError extends Error {
  override name = 'LinkError';

  constructor(
    readonly code: LinkFailure,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
