import type { Emit } from './pool/pool-options';

/** What happens in the ordinary course of things. All else is a warning or an error. */
const ordinary = new Set([
  ...['task.claimed', 'task.started', 'task.progress', 'task.done', 'task.cancelled'],
  ...['queue.promoted', 'queue.handedBack', 'queue.resumed', 'queue.databaseBack', 'queue.takenOver'],
  ...['worker.started', 'worker.ended', 'worker.recycled', 'cluster.started', 'cluster.stopped'],
]);

/**
 * `logs: 'error'`: what is ordinary is still told, to the metrics for one, but as of the level debug, which logs leave
 * out unless they are asked for it.
 */
export function quiet(emit: Emit): Emit {
  return (name, fields) => emit(name, isOrdinary(name, fields) ? { message: name, ...fields, level: 'debug' } : fields);
}

function isOrdinary(name: string, fields: object): boolean {
  const { level, stream } = fields as { level?: string; stream?: string };
  if (name === 'task.log') return level === 'info' || level === 'debug';
  if (name === 'worker.output') return stream === 'stdout';
  return ordinary.has(name);
}
