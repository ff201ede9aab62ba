import type { Db } from 'mongodb';
import type { AnyCatalog } from '../../catalog';
import type { Clock } from '../../database';
import type { Emit } from '../../monitor/events';
import { outside } from '../../timing/outside';
import type { QueueEvents } from '../model/events';
import type { Signer } from '../model/signature';
import type { Sender, Task } from '../model/task';
import type { TypeLimits } from '../model/type-limits';
import type { AttemptLogs } from '../store/attempt-logs';
import type { Batches } from '../store/batches';
import type { BulkWorks } from '../store/bulk-works';
import type { Pauses } from '../store/control';
import type { ErrorGroups } from '../store/error-groups';
import type { MemoryStore } from '../store/memory-store';
import type { MongoStore } from '../store/mongo-store';
import type { Statistics } from '../store/statistics';

/** What the queue tells a dispatcher in the same process, so that it need not hear of it from the database. */
export interface QueueSignals {
  added(tasks: readonly Task[], inMemory: boolean): void;
  cancelRequested(id: string): void;
  pausesChanged(): void;
  /** Somebody has started work on many tasks. */
  bulkWorkAdded(): void;
  /** What others wait for may have ended outside of a jobs role; `batchId`: this batch may have. */
  waitingChanged(batchId?: string): void;
  /** There may be work: a nudge from elsewhere. */
  wake(): void;
  /** The due dates or deadlines of waiting tasks may have changed. */
  datesChanged(): void;
}

/** Tells the jobs roles of this process, outside of the context of whoever has caused it. */
export function tellDispatchers(
  { dispatchers }: Pick<QueueCore, 'dispatchers'>,
  tell: (dispatcher: QueueSignals) => void,
): void {
  outside(() => dispatchers.forEach(tell));
}

/** A jobs role that lives, as far as `explain` asks: the register of processes says the same. */
export interface LivingRole {
  taskTypes: readonly string[];
  /** How many tasks it runs at once. */
  slots: number;
  /** Its machine is overloaded: it starts nothing below this priority. */
  minPriority?: number;
}

/** What a connected TaskQueue is made of; the dispatcher works with the same parts. */
export interface QueueCore {
  readonly db: Db;
  /** With the limits that hold now. */
  readonly catalog: AnyCatalog;
  readonly limits: TypeLimits;
  readonly store: MongoStore;
  readonly memory: MemoryStore;
  readonly clock: Clock;
  readonly signer: Signer;
  readonly sender: Sender;
  /** What this process was built from. */
  readonly commit: string;
  readonly pauses: Pauses;
  readonly errorGroups: ErrorGroups;
  readonly attemptLogs: AttemptLogs;
  /** What this process has counted of tasks since it was written last. */
  readonly statistics: Statistics;
  readonly batches: Batches;
  readonly bulkWorks: BulkWorks;
  /** Tasks whose handlers have made a batch, by way of this process. */
  readonly batchCreators: Set<string>;
  readonly events: QueueEvents;
  readonly emit: Emit;
  /** The dispatchers of this process, one at most in an app. In-memory tasks need one. */
  readonly dispatchers: Set<QueueSignals>;
  /** The task types that no living jobs role takes, where this process knows. */
  readonly untakenTypes?: () => Promise<string[]>;
  /** The jobs roles that live, where this process knows. */
  readonly livingRoles?: () => Promise<LivingRole[]>;
}
