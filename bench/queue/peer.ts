import type { Servers } from './servers';
import type { WorkloadName } from './workloads';

/** What a peer is, in words: they stand beside its figures. */
export interface Peer {
  name: string;
  /** npm packages beside the mongodb driver, with their versions. */
  packages: Record<string, string>;
  server: keyof Servers;
  /** What survives a loss of power when an add is acknowledged, and what is kept of a task that is done. */
  durability: string;
  keeps: string;
  /** Adds one by one are its only way. */
  noBatches?: true;
  /** Where not all measurements would say something about it. */
  only?: readonly WorkloadName[];
  open(given: { url: string; load: LoadPackage }): Promise<OpenPeer>;
}

/** Imports one of the peer's packages from the folder that they are installed in. */
export type LoadPackage = (name: string) => Promise<Record<string, unknown>>;

/** One task of the benchmark: its number, and for how long it waits. */
export interface BenchTask {
  n: number;
  ms: number;
}

export interface Heard {
  started(task: BenchTask): void;
  /** It is recorded as done. */
  done(task: BenchTask): void;
}

export interface OpenPeer {
  addMany(tasks: BenchTask[]): Promise<unknown>;
  addOne(task: BenchTask): Promise<unknown>;
  /** How many commands, queries or transactions its server has carried out so far, whoever asked for them. */
  operations?(): Promise<number>;
  /** Runs tasks from now on, up to 100 that wait at once. */
  work(heard: Heard): Promise<unknown>;
  close(): Promise<unknown>;
}
