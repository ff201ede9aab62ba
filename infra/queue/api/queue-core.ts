import type { Db } from 'mongodb';
import type { AnyCatalog } from '../../catalog';
import type { Clock } from '../../database';
import type { Emit } from '../../monitor/events';
import type { QueueEvents } from '../model/events';
import type { Signer } from '../model/signature';
import type { Sender, Task } from '../model/task';
import type { Batches } from '../store/batches';
import type { Pauses } from '../store/control';
import type { MemoryStore } from '../store/memory-store';
import type { MongoStore } from '../store/mongo-store';

/** What the queue tells a dispatcher in the same process, so that it need not hear of it from the database. */
export interface QueueSignals {
  added(tasks: readonly Task[], inMemory: boolean): void;
  cancelRequested(id: string): void;
  pausesChanged(): void;
  /** What others wait for may have ended outside of a jobs role; `batchId`: this batch may have. */
  waitingChanged(batchId?: string): void;
  /** There may be work: a nudge from elsewhere. */
  wake(): void;
  /** The due dates or deadlines of waiting tasks may have changed. */
  datesChanged(): void;
}

/** What a connected TaskQueue is made of; the dispatcher works with the same parts. */
export interface QueueCore {
  readonly db: Db;
  readonly catalog: AnyCatalog;
  readonly store: MongoStore;
  readonly memory: MemoryStore;
  readonly clock: Clock;
  readonly signer: Signer;
  readonly sender: Sender;
  readonly pauses: Pauses;
  readonly batches: Batches;
  /** Tasks whose handlers have made a batch, by way of this process. */
  readonly batchCreators: Set<string>;
  readonly events: QueueEvents;
  readonly emit: Emit;
  /** The dispatchers of this process, one at most in an app. In-memory tasks need one. */
  readonly dispatchers: Set<QueueSignals>;
  /** The task types that no living jobs role takes, where this process knows. */
  readonly untakenTypes?: () => Promise<string[]>;
}
