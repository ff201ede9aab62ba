const handler = () => undefined;

/** Handlers of the benchmark's catalogue, for its own worker file. */
export const handlers = {
  noop: async () => ({ handler }),
  held: async () => ({ handler }),
};
