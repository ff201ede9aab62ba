declare module '../contract' {
  interface Methods {
    /** Gives how many tasks were added. */
    'burn.start': (order: { seconds: number; tasks: number }) => number;
  }
}

export {};
