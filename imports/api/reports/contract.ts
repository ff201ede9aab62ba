declare module '../contract' {
  interface Methods {
    /** Gives the report's id. */
    'reports.build': (order: { rows: number }) => string;
    'reports.cancel': (id: string) => undefined;
    'reports.retry': (id: string) => undefined;
    'reports.remove': (id: string) => undefined;
  }
}

export {};
