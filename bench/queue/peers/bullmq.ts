import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { BenchTask, LoadPackage, OpenPeer, Peer } from '../peer';

interface Job {
  data: BenchTask;
}
interface Bull {
  Queue: new (
    name: string,
    options: object,
  ) => {
    add(name: string, data: BenchTask): Promise<unknown>;
    addBulk(jobs: { name: string; data: BenchTask }[]): Promise<unknown>;
    obliterate(options: object): Promise<void>;
    close(): Promise<void>;
  };
  Worker: new (
    name: string,
    processor: unknown,
    options: object,
  ) => {
    on(event: 'active' | 'completed', listener: (job: Job) => void): void;
    waitUntilReady(): Promise<unknown>;
    close(): Promise<void>;
  };
}

/** Of the client that BullMQ itself uses. */
interface Client {
  info(section: string): Promise<string>;
  quit(): Promise<unknown>;
}

const common = { packages: { bullmq: '6.7.0', ioredis: '5.9.0' }, keeps: 'job, result' };
const eachSecond = { ...common, server: 'redisEachSecond', durability: 'flushed each second' } as const;
const eachWrite = { ...common, server: 'redisEachWrite', durability: 'each write flushed' } as const;

export const bullmq: Peer = {
  ...eachSecond,
  name: 'BullMQ, in process, flushed each second',
  open: ({ url, load }) => openBull(url, load, false),
};

export const bullmqAlways: Peer = {
  ...eachWrite,
  name: 'BullMQ, in process, each write flushed',
  open: ({ url, load }) => openBull(url, load, false),
};

export const bullmqSandboxed: Peer = {
  ...eachSecond,
  name: 'BullMQ, sandboxed processes, flushed each second',
  open: ({ url, load }) => openBull(url, load, true),
};

async function openBull(url: string, load: LoadPackage, sandboxed: boolean): Promise<OpenPeer> {
  const { Queue, Worker } = (await load('bullmq')) as unknown as Bull;
  const { hostname: host, port } = new URL(url);
  const connection = { host, port: Number(port), maxRetriesPerRequest: null };
  const name = `bench${process.pid}`;
  const queue = new Queue(name, { connection });
  const { Redis } = (await load('ioredis')) as unknown as { Redis: new (options: object) => Client };
  const client = new Redis(connection);
  let worker: InstanceType<Bull['Worker']> | undefined;
  return {
    addMany: tasks => queue.addBulk(tasks.map(data => ({ name: 'noop', data }))),
    addOne: data => queue.add('noop', data),
    operations: async () => Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))?.[1]),
    work: async heard => {
      const processor = sandboxed ? await processorFile() : ({ data }: Job) => run(data);
      // Of its processes each runs one job at a time: two, as Tandem has.
      worker = new Worker(name, processor, { connection, concurrency: sandboxed ? 2 : 100 });
      worker.on('active', ({ data }) => heard.started(data));
      worker.on('completed', ({ data }) => heard.done(data));
      await worker.waitUntilReady();
    },
    close: async () => {
      await worker?.close();
      await queue.obliterate({ force: true });
      await queue.close();
      await client.quit();
    },
  };
}

async function run({ ms }: BenchTask): Promise<void> {
  if (ms > 0) await wait(ms);
}

async function processorFile(): Promise<string> {
  const file = join(tmpdir(), `bench-processor-${process.pid}.cjs`);
  await writeFile(
    file,
    'module.exports = ({ data: { ms } }) => ms > 0 && new Promise(done => setTimeout(done, ms));\n',
  );
  return file;
}
