import { createHash } from 'node:crypto';
import type { Handler } from '../../../infra/workers/handler';

/** How long the worker computes before it looks up: its signal and its messages wait no longer than this. */
const sliceMs = 100;

/** Keeps one core busy for some seconds, to watch the web role stay calm meanwhile. */
export const handler: Handler<'burn'> = async (task, context) => {
  const totalMs = task.data.seconds * 1_000;
  const startedAt = Date.now();
  let hashes = 0;
  while (Date.now() - startedAt < totalMs) {
    context.signal.throwIfAborted();
    hashes += burnFor(Math.min(sliceMs, totalMs));
    context.progress(Math.min(1, (Date.now() - startedAt) / totalMs));
    await new Promise(resolve => setImmediate(resolve));
  }
  context.progress(1);
  return { hashes };
};

function burnFor(ms: number): number {
  const until = Date.now() + ms;
  const block = Buffer.alloc(4_096, 'tandem');
  let hashes = 0;
  for (; Date.now() < until; hashes += 1) createHash('sha256').update(block).digest();
  return hashes;
}
