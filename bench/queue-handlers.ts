const handler = () => undefined;

/** Handlers of the benchmark's catalog, for its own worker file. */
export const handlers = {
  noop: async () => ({ handler }),
  held: async () => ({ handler }),
};
