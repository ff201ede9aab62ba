/** A jobs role of the fault suite: a real dispatcher and a real pool of worker processes, fast to start. */
import { setTimeout as wait } from 'node:timers/promises';
import { type Connection, connect } from '../../../../infra/database';
import { TaskQueueOf } from '../../../../infra/queue/api/task-queue';
import { Dispatcher, type DispatcherSettings } from '../../../../infra/queue/dispatch/dispatcher';
import { Pool } from '../../../../infra/workers/pool/pool';
import type { PoolOptions } from '../../../../infra/workers/pool/pool-options';
import { Ledger } from '../evidence/ledger';
import { catalog as old } from '../worker/catalog';
import { catalog as next } from '../worker/catalog-next';

export interface RoleProgram {
  ledger: string;
  workerFile: string;
  mongoUrl: string;
  catalog: 'old' | 'next';
  dispatcher: DispatcherSettings;
  pool: Partial<PoolOptions>;
  drainMs: number;
}

const program = JSON.parse(process.env.FAULTS_PROGRAM as string) as RoleProgram;
const ledger = new Ledger(program.ledger, 'role');
let ending = false;
let started: { dispatcher: Dispatcher; connection: Connection } | undefined;

async function main(): Promise<void> {
  const connection = await connectPatiently();
  if (!connection) return;
  const catalog = program.catalog === 'next' ? next : old;
  const emit = (name: string, fields: object) => console.log(name, JSON.stringify(fields));
  const queue = new TaskQueueOf<typeof old>(catalog as typeof old);
  await queue.connect({ db: connection.db, sender, signingKeys: ['key of the fault suite'], emit });
  const env = { FAULTS_LEDGER: program.ledger, FAULTS_VERSION: program.catalog === 'next' ? '2' : '1' };
  const pool = new Pool({
    file: program.workerFile,
    catalog,
    emit,
    queue,
    env,
    databaseUrl: program.mongoUrl,
    ...program.pool,
  });
  const dispatcher = new Dispatcher({ queue, executor: pool, settings: program.dispatcher });
  started = { dispatcher, connection };
  await dispatcher.start();
  console.log('role is ready');
}

const sender = { appId: 'faults', version: '1', rootUrl: 'http://localhost' };

/** A host starts a role that ended because the database was away again and again; this one waits by itself. */
async function connectPatiently(): Promise<Connection | undefined> {
  while (!ending) {
    const connection = await connect(program.mongoUrl, 'faults-role').catch(() => undefined);
    if (connection) return connection;
    await wait(200);
  }
  return undefined;
}

process.on('SIGTERM', async () => {
  if (ending) process.exit(143);
  ending = true;
  await started?.dispatcher.stop(program.drainMs);
  await started?.connection.close();
  process.exit(0);
});

for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, error => {
    ledger.write({ kind: 'crash', error: String((error as Error)?.stack ?? error) });
    process.exit(1);
  });

main().catch(error => {
  // A database that goes away in mid-boot ends a real role too; its host starts it again.
  console.error(error);
  process.exit(1);
});
