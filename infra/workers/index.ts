export { Cluster } from './cluster';
export type { ClusterOptions } from './cluster-options';
export { Pool } from './pool/pool';
export type { MessageBroker, PoolOptions } from './pool/pool-options';
export type { PoolSnapshot, WorkerSnapshot } from './pool/pool-snapshot';
export type { TaskMap } from './task-map';
export { checkWorkerFile } from './worker-file';
