import type { Db } from 'mongodb';
import type { AnyCatalog, NamedRates } from '../../catalog';
import { type Clock, DatabaseClock } from '../../database';
import type { Emit } from '../../monitor/events';
import { QueueEvents } from '../model/events';
import { Signer } from '../model/signature';
import type { Sender } from '../model/task';
import { TypeLimits } from '../model/type-limits';
import { AttemptLogs } from '../store/attempt-logs';
import { Batches } from '../store/batches';
import { BulkWorks } from '../store/bulk-works';
import { Pauses } from '../store/control';
import { ErrorGroups } from '../store/error-groups';
import { ensureOwnerIndex } from '../store/indexes';
import { MemoryStore } from '../store/memory-store';
import { MongoStore } from '../store/mongo-store';
import { Statistics } from '../store/statistics';
import { NamedRateLimits } from './named-rates';
import type { LivingRole, QueueCore } from './queue-core';

export interface QueueConnection {
  /** The app's database, by the npm driver. */
  db: Db;
  /** Recorded with each task, so that a handler builds URLs of the app that asked. */
  sender: Sender;
  /** What this process was built from: in which commits an error was seen. Default: `unknown`. */
  commit?: string;
  /** Signs tasks and verifies them: the first signs, all verify. None: nothing is signed. */
  signingKeys?: readonly string[];
  emit?: Emit;
  /** Default: the database's clock. Tests set their own. */
  clock?: Clock;
  /** Default: `taskQueue`, as meteor-cluster's. */
  collection?: string;
  /** The task types that no living jobs role takes, where somebody knows: for `explain`. */
  untakenTypes?: () => Promise<string[]>;
  /** The jobs roles that live, where somebody knows: for `explain`. */
  livingRoles?: () => Promise<LivingRole[]>;
  /** Leaves the indexes as they are: for a tool that only visits a database, maybe one of another version of the app. */
  keepsIndexes?: boolean;
}

/** What a role says of its queue before it uses it, and the connection to the database. */
export class ConnectedQueue<C extends object> {
  /** The named rates of the app. */
  readonly rates = new NamedRateLimits(
    () => this.core,
    () => this.namedRates,
  );
  private namedRates: NamedRates = {};
  private connected: QueueCore | undefined;

  /** Resolves when the queue is connected for the first time. */
  readonly whenConnected: Promise<void>;
  private tellConnected: () => void = () => {};

  private declared: C | undefined;
  /** What handlers find as `context.settings`; it travels to the workers. */
  handlerSettings: object = {};
  private ownerField: string | undefined;

  /** @param catalog the task types; a queue that is made without them gets them by `declare`. */
  constructor(catalog?: C) {
    this.declared = catalog;
    this.whenConnected = new Promise(resolve => {
      this.tellConnected = resolve;
    });
  }

  /** The task types. @throws before they are declared. */
  get catalog(): C {
    if (this.declared) return this.declared;
    throw new Error('TaskQueue has no catalog yet: startRole(app) declares it');
  }

  /**
   * Says which task types there are, which of the app's settings their handlers find, and which rates they may take from.
   * A role does so before anything else.
   *
   * @param ownerField the field of payloads that says whose a task is.
   */
  declare(catalog: C, handlerSettings: object = {}, rates: NamedRates = {}, ownerField?: string): void {
    this.declared = catalog;
    this.ownerField = ownerField;
    this.handlerSettings = handlerSettings;
    this.namedRates = rates;
  }

  /** What the queue is made of, for the dispatcher of this role. @throws before `connect`. */
  get core(): QueueCore {
    if (this.connected) return this.connected;
    throw new Error(
      'TaskQueue is not connected yet: call it after the role has started (in Meteor.startup or later), not on import',
    );
  }

  /** Connects the queue to its database, and makes its indexes unless it keeps them as they are. A second call replaces the first. */
  async connect(connection: QueueConnection): Promise<void> {
    const {
      db,
      sender,
      commit = 'unknown',
      signingKeys,
      emit = () => {},
      clock,
      collection,
      untakenTypes,
      livingRoles,
      keepsIndexes = false,
    } = connection;
    const store = new MongoStore(db, collection);
    const databaseClock = clock ?? new DatabaseClock(db);
    if (databaseClock instanceof DatabaseClock) await databaseClock.measure();
    if (!keepsIndexes) {
      await store.ensureIndexes();
      await store.dropRetiredIndexes();
    }
    const limits = new TypeLimits(this.catalog as AnyCatalog);
    this.connected = {
      db,
      get catalog() {
        return limits.catalog;
      },
      limits,
      store,
      memory: new MemoryStore(),
      clock: databaseClock,
      signer: new Signer(signingKeys),
      sender,
      pauses: new Pauses(db),
      errorGroups: new ErrorGroups(db, emit, commit),
      attemptLogs: new AttemptLogs(db),
      commit,
      statistics: new Statistics(db, databaseClock, this.catalog),
      batches: new Batches(db),
      bulkWorks: new BulkWorks(db),
      batchCreators: new Set(),
      events: this.connected?.events ?? new QueueEvents(emit),
      emit,
      dispatchers: new Set(),
      ...(untakenTypes && { untakenTypes }),
      ...(livingRoles && { livingRoles }),
    };
    this.tellConnected();
  }

  /** Makes the index by which the tasks of an owner are found, where the app says whose a task is. */
  async ensureOwnerIndex(): Promise<void> {
    if (this.ownerField !== undefined) await ensureOwnerIndex(this.core.store.collection, this.ownerPath);
  }

  protected get ownerPath(): string {
    if (this.ownerField !== undefined) return `data.${this.ownerField}`;
    throw new Error('ofOwner: the app does not say whose a task is; give ownerField to defineApp');
  }
}
