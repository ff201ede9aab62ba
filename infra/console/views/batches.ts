import { type BatchGraph, graphOf } from './batch-graph';
import { type AnyQueue, noParams, textIn, view } from './view';

const shown = 50;

/** The newest batches, and whether there are more. */
export function batchesView(queue: AnyQueue) {
  return view({
    parse: noParams,
    look: async () => {
      const found = await queue.batches(shown + 1);
      return { rows: found.slice(0, shown), more: found.length > shown };
    },
  });
}

/** One batch: who has failed, and what comes after what. */
export function batchView(queue: AnyQueue) {
  return view({
    parse: params => ({ id: textIn(params, 'id') ?? '' }),
    look: async ({ id }) => {
      const handle = queue.batch(id);
      const [batch, failed] = await Promise.all([handle.read(), handle.failed(shown + 1)]);
      const graph: BatchGraph = batch ? await graphOf(queue, batch) : { nodes: [], edges: [], more: false };
      return {
        ...(batch && { batch }),
        failed: failed.slice(0, shown),
        moreFailed: failed.length > shown,
        graph,
      };
    },
  });
}
