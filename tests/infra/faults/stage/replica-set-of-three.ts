import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import type { MongoInstance } from 'mongodb-memory-server-core';
import { host, launch, type Mongod, setName } from '../../../../infra/dev/database/mongod';
import { eventually } from '../../../support/eventually';
import { testPort } from '../../../support/ports';

interface Member {
  port: number;
  folder: string;
  instance: MongoInstance | undefined;
}

/** Three members that elect: the primary may step down, or be killed. */
export class ReplicaSetOfThree {
  private constructor(
    private readonly mongod: Mongod,
    private readonly members: Member[],
  ) {}

  static async start(mongod: Mongod): Promise<ReplicaSetOfThree> {
    const members: Member[] = [];
    for (let nth = 0; nth < 3; nth++) {
      const folder = await mkdtemp(join(tmpdir(), 'tandem-faults-member-'));
      members.push({ port: await testPort(), folder, instance: undefined });
    }
    const set = new ReplicaSetOfThree(mongod, members);
    await Promise.all(members.map(member => set.run(member)));
    await set.initiate();
    return set;
  }

  get url(): string {
    return `mongodb://${this.members.map(({ port }) => `${host}:${port}`).join(',')}/faults?replicaSet=${setName}`;
  }

  /** The primary makes room for another one, and may not come back for a while. */
  async stepDown(): Promise<void> {
    await this.askPrimary({ replSetStepDown: 5, secondaryCatchUpPeriodSecs: 4 });
  }

  /** Kills the primary; it comes back as a secondary when `restart` is called. */
  async killPrimary(): Promise<() => Promise<void>> {
    const { primary } = await eventually(() => this.hello());
    const member = this.members.find(({ port }) => primary === `${host}:${port}`) as Member;
    member.instance?.mongodProcess?.kill('SIGKILL');
    await member.instance?.stop();
    member.instance = undefined;
    return () => this.run(member);
  }

  async stop(): Promise<void> {
    await Promise.all(this.members.map(({ instance }) => instance?.stop()));
    await Promise.all(this.members.map(({ folder }) => rm(folder, { recursive: true, force: true })));
  }

  private async run(member: Member): Promise<void> {
    member.instance = await launch(this.mongod, member.folder, member.port);
  }

  private async initiate(): Promise<void> {
    const members = this.members.map(({ port }, _id) => ({ _id, host: `${host}:${port}` }));
    const settings = { electionTimeoutMillis: 2_000, heartbeatIntervalMillis: 500 };
    const client = new MongoClient(`mongodb://${members[0]?.host}/?directConnection=true`);
    await client.db('admin').command({ replSetInitiate: { _id: setName, members, settings } });
    await client.close();
    await eventually(() => this.hello(), { timeoutMs: 60_000 });
  }

  private async hello(): Promise<{ primary: string }> {
    return this.askPrimary({ hello: 1 });
  }

  private async askPrimary<T>(command: object): Promise<T> {
    const client = new MongoClient(this.url, { serverSelectionTimeoutMS: 30_000 });
    try {
      return (await client.db('admin').command(command as never)) as T;
    } finally {
      await client.close();
    }
  }
}
