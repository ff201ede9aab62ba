import type { ConsoleState } from './contract';

/** What the console looks at and acts on; the role puts it together. Every look is a bounded query. */
export interface ConsoleSources {
  state(): Promise<ConsoleState>;
  retry(id: string): Promise<unknown>;
  replay(id: string): Promise<string>;
  cancel(id: string): Promise<unknown>;
  pause(taskType?: string): Promise<unknown>;
  resume(taskType?: string): Promise<unknown>;
  runSchedule(name: string): Promise<void>;
  emit(name: string, fields: object): void;
}
