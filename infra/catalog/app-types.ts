import type { AnyCatalog, DataIn, TaskTypeIn } from './task-definition';

/**
 * The app's types: `imports/app.ts` merges those of its `catalog`, `settings` and handlers into this interface. So the
 * machinery is typed by an app that it never imports.
 */
// biome-ignore lint/suspicious/noEmptyInterface: the app fills it
export interface AppTypes {}

/** The name of one of the app's rates. */
export type AppRate = AppTypes extends { rates: infer R }
  ? keyof R & string
  : AppTypes extends { catalog: object }
    ? never
    : string;

/** The app's catalog. */
export type AppCatalog = AppTypes extends { catalog: infer C extends object } ? C : AnyCatalog;

/** The app's own settings. */
export type AppOwnSettings = AppTypes extends { settings: infer S } ? S : Record<never, never>;

type ResultsOf<H> = {
  [T in keyof H]: H[T] extends () => Promise<{ readonly handler: (...input: never[]) => infer R }>
    ? Awaited<R>
    : unknown;
};

/** The results of the app's handlers, by task type. */
export type AppResults = (AppTypes extends { handlers: infer H } ? ResultsOf<H> : object) &
  (AppTypes extends { roleHandlers: infer H } ? ResultsOf<H> : object);

/** The name of one of the app's task types. */
export type AppTaskType = TaskTypeIn<AppCatalog>;

/** The payload of one of the app's task types. */
export type AppDataOf<T extends AppTaskType> = DataIn<AppCatalog, T>;
