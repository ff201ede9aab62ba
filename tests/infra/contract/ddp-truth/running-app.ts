import type { ClientOptions } from 'ws';
import { type TestDatabase, testDatabase } from '../../../support/database';
import { bundle, type Host, type HostApp } from './host';
import { Talk } from './talk';

/** There from the first `beforeAll` of a file to its last `afterAll`. */
export interface RunningApp {
  readonly database: TestDatabase;
  readonly app: HostApp;
  readonly host: Host;
  /** A new session with it. */
  connect(options?: ClientOptions): Promise<Talk>;
}

/** Runs an app of this folder on a database of its own, for all the tests of a file. */
export function runningApp(name: string): RunningApp {
  const running = {
    connect: (options?: ClientOptions) => Talk.connected(running.host.webSocket, options),
  } as { -readonly [Part in keyof RunningApp]: RunningApp[Part] };
  beforeAll(async () => {
    running.database = await testDatabase();
    running.app = await bundle(name);
    running.host = await running.app.start({ mongoUrl: running.database.url });
  }, 90_000);
  afterAll(async () => {
    await running.app?.remove();
    await running.database?.drop();
  });
  return running;
}
