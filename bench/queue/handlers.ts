import { setTimeout as wait } from 'node:timers/promises';

const handler = async ({ data }: { data: unknown }) => {
  const { ms = 0 } = data as { ms?: number };
  if (ms > 0) await wait(ms);
};

/** Handlers of the benchmark's catalog, for its own worker file. */
export const handlers = {
  noop: async () => ({ handler }),
  forgotten: async () => ({ handler }),
  held: async () => ({ handler }),
};
