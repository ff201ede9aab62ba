import type SimpleSchema from 'simpl-schema';
import type { FlatFields } from './compile-payload';
import type { DataOfFields } from './payload-language';
import type { QuickCheck } from './quick-check';
import type { ResolvedOptions, RunsIn } from './task-options';

/** A task type of the catalog, checked and complete. `Data` is its payload's TypeScript type. */
export interface TaskDefinition<Data = unknown, Where extends RunsIn = RunsIn> extends ResolvedOptions {
  readonly taskType: string;
  readonly runsIn: Where;
  /** The payload as a simpl-schema, for forms and for parsePayload. */
  readonly schema: SimpleSchema;
  /** Whether a payload surely fits; if false, ask the schema. */
  readonly fits: QuickCheck;
  /** The payload's fields by dotted path, as simpl-schema has them. */
  readonly fields: FlatFields;
  /** Only for the compiler: what `data` is. Never set. */
  readonly data?: Data;
}

/** A catalog whose types the compiler does not know; the machinery uses it. */
export type AnyCatalog = { readonly [taskType: string]: TaskDefinition };

/** A catalog made of the definitions D. */
export type CatalogOf<D> = {
  readonly [K in keyof D]: D[K] extends { readonly payload: infer F }
    ? TaskDefinition<DataOfFields<F>, D[K] extends { readonly runsIn: 'role' } ? 'role' : 'worker'>
    : never;
};

/** The task types of a catalog that run in one place, or may run there as far as the compiler can tell. */
export type TaskTypeRunningIn<C, Where extends RunsIn> = {
  [T in TaskTypeIn<C>]: C[T] extends { readonly runsIn: infer W } ? (Where extends W ? T : never) : T;
}[TaskTypeIn<C>];

/** The names of a catalog's task types. */
export type TaskTypeIn<C> = keyof C & string;

/** The payload's type of one task type in a catalog. */
export type DataIn<C, T extends keyof C> = C[T] extends TaskDefinition<infer Data> ? Data : never;
