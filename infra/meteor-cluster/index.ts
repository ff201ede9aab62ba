export type { MessageBroker } from '../workers/pool/pool-options';
export { Cluster } from './cluster';
export type { ClusterOptions } from './cluster-options';
export type { TaskMap } from './task-map';
