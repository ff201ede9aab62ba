import type { QueueConnection } from '../../infra/queue/api/connected-queue';
import { TaskQueueOf } from '../../infra/queue/api/task-queue';
import { Dispatcher, type DispatcherSettings } from '../../infra/queue/dispatch/dispatcher';
import type { TaskState } from '../../infra/queue/model/task';
import { InProcessExecutor, type InProcessHandler } from '../../infra/queue/testing/in-process-executor';
import { type TestDatabase, testDatabase } from './database';
import { eventually } from './eventually';
import { catalogForTests, type TestCatalog } from './test-catalog';

/** What was emitted, to be waited for. */
export interface Emitted {
  name: string;
  fields: Record<string, unknown>;
}

/** A queue on a database of its own, with as many jobs roles (dispatchers) in this process as the test starts. */
export class TestQueue {
  readonly emitted: Emitted[] = [];
  readonly queue = new TaskQueueOf<TestCatalog>(catalogForTests);
  private readonly dispatchers: Dispatcher[] = [];
  private readonly others: TestQueue[] = [];

  private constructor(
    readonly database: TestDatabase,
    readonly connection: QueueConnection,
  ) {}

  static async open(special: Partial<QueueConnection> = {}, database?: TestDatabase): Promise<TestQueue> {
    const own = database ?? (await testDatabase());
    const sender = { appId: 'test', version: '1', rootUrl: 'http://localhost' };
    const test: TestQueue = new TestQueue(own, {
      db: own.db,
      sender,
      ...special,
      emit: special.emit ?? ((name, fields) => test.emitted.push({ name, fields: fields as Record<string, unknown> })),
    });
    await test.queue.connect(test.connection);
    return test;
  }

  /** A queue of another process on the same database: nothing but the database tells it what happens here. */
  async elsewhere(special: Partial<QueueConnection> = {}): Promise<TestQueue> {
    const other = await TestQueue.open({ ...this.connection, emit: undefined, ...special }, this.database);
    this.others.push(other);
    return other;
  }

  /** Starts a jobs role that runs these handlers in this process. */
  async role(
    handlers: Record<string, InProcessHandler>,
    settings: DispatcherSettings = {},
    { slots = 10, timeoutOf }: { slots?: number; timeoutOf?: (taskType: string) => number | undefined } = {},
  ): Promise<Dispatcher> {
    const executor = new InProcessExecutor({ handlers, slots, timeoutOf, rates: this.queue.rates });
    const dispatcher = new Dispatcher({ queue: this.queue, executor, settings: { refreshRate: 100, ...settings } });
    this.dispatchers.push(dispatcher);
    await dispatcher.start();
    return dispatcher;
  }

  async stateOf(id: string): Promise<TaskState | undefined> {
    return (await this.queue.findOne(id))?.state;
  }

  becomes(id: string, state: TaskState): Promise<boolean> {
    return eventually(async () => (await this.stateOf(id)) === state);
  }

  named(name: string): Emitted[] {
    return this.emitted.filter(one => one.name === name);
  }

  async close(): Promise<void> {
    await Promise.all([this, ...this.others].flatMap(({ dispatchers }) => dispatchers).map(one => one.stop(0)));
    await this.database.drop();
  }
}

/** Where a handler waits until the test lets it go. */
export function gate(): { open(): void; opened: Promise<void> } {
  let open = () => {};
  const opened = new Promise<void>(resolve => {
    open = resolve;
  });
  return { open: () => open(), opened };
}

/** A handler that hangs until its signal comes. */
export const hang: InProcessHandler = (_, { signal }) =>
  new Promise(resolve => signal.addEventListener('abort', resolve));
