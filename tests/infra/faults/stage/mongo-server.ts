import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import type { Mongod } from '../../../../infra/dev/database/mongod';
import { type RunningMongod, startReplicaSet } from '../../../../infra/dev/database/replica-set';
import { isAlive } from '../../../../infra/dev/process-tree';
import { eventually } from '../../../support/eventually';
import { testPort } from '../../../support/ports';

const database = 'faults';

/** A scenario's own MongoDB, a replica set of one: to be killed, and started again on the same data and port. */
export class MongoServer {
  private running: RunningMongod | undefined;

  private constructor(
    private readonly mongod: Mongod,
    readonly port: number,
    private readonly dataFolder: string,
    private readonly throwaway: boolean,
  ) {}

  /** @param dataFolder of the caller's own; without it one that is thrown away at `stop`. */
  static async start(mongod: Mongod, dataFolder?: string): Promise<MongoServer> {
    const folder = dataFolder ?? (await mkdtemp(join(tmpdir(), 'tandem-faults-mongo-')));
    await mkdir(folder, { recursive: true });
    const server = new MongoServer(mongod, await testPort(), folder, dataFolder === undefined);
    await server.restart();
    return server;
  }

  get url(): string {
    return `mongodb://127.0.0.1:${this.port}/${database}?directConnection=true`;
  }

  get pid(): number {
    return this.running!.pid;
  }

  /** Like a loss of power. Resolves when its port is free again. */
  async kill(): Promise<void> {
    this.running?.kill();
    await this.running?.stop();
    this.running = undefined;
  }

  /** Resolves when it has ended by itself. */
  async untilDead(): Promise<void> {
    const { pid } = this;
    await eventually(() => !isAlive(pid), { timeoutMs: 600_000, everyMs: 100 });
  }

  async restart(): Promise<void> {
    this.running ??= await startReplicaSet(this.mongod, { dataFolder: this.dataFolder, port: this.port });
  }

  async stop(): Promise<void> {
    await this.kill();
    if (this.throwaway) await rm(this.dataFolder, { recursive: true, force: true });
  }
}

/** The same database behind another port, a proxy's. */
export function urlAt(port: number): string {
  return `mongodb://127.0.0.1:${port}/${database}?directConnection=true`;
}

/** Resolves when the server answers and takes writes. */
export async function untilWritable(url: string): Promise<void> {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 1_000 });
  try {
    await eventually(async () => (await client.db().command({ hello: 1 })).isWritablePrimary, { timeoutMs: 60_000 });
  } finally {
    await client.close();
  }
}
