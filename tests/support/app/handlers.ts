import type { HandlersOf } from '../../../infra/workers/handler';
import type { Catalog } from './catalog';

/** How long a burn computes before it looks up: its signal and its messages wait no longer than this. */
const sliceMs = 100;

export const handlers: HandlersOf<Catalog> = {
  burn: async () => ({
    async handler({ data }, { signal, progress }) {
      const totalMs = data.seconds * 1_000;
      const from = Date.now();
      while (Date.now() - from < totalMs) {
        signal.throwIfAborted();
        computeFor(Math.min(sliceMs, totalMs));
        progress(Math.min(1, (Date.now() - from) / totalMs));
        await new Promise(setImmediate);
      }
    },
  }),
  greet: async () => ({ handler: () => 'hello' }),
};

function computeFor(ms: number): void {
  for (const until = Date.now() + ms; Date.now() < until; );
}
