import type { PulseReading } from './pulse/schema';

/** The methods that the page calls: arguments and result of each. Shared by `imports/ui/call.ts` and the methods. */
export interface Methods {
  'visitors.enter': (token: string) => undefined;
  /** Gives the report's id. */
  'reports.build': (order: { rows: number }) => string;
  'reports.cancel': (id: string) => undefined;
  'reports.retry': (id: string) => undefined;
  'reports.remove': (id: string) => undefined;
  'pictures.retry': (id: string) => undefined;
  'pictures.remove': (id: string) => undefined;
  /** Gives how many tasks were added. */
  'burn.start': (order: { seconds: number; tasks: number }) => number;
  'pulse.read': () => PulseReading;
}

export type MethodName = keyof Methods;
