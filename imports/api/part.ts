import type { FileStore } from '../../infra/database';
import type { MethodName } from './contract';

/** How often one connection may call a method: [calls, in milliseconds]. */
export type Limit = readonly [number, number];

/** A limit for each method of a domain: for all those that `contract.ts` has with its name in front. */
type LimitsOf<Domain extends string> = Readonly<Record<Extract<MethodName, `${Domain}.${string}`>, Limit>>;

/** What a domain adds to the web role: methods, publications, routes, indexes. `imports/app.ts` lists them. */
export interface ApiPart<Domain extends string = never> {
  /** A person does not get near it. */
  limits: LimitsOf<Domain>;
  /** The names of its publications: subscriptions cost a look at the database each. */
  publications: readonly string[];
  /** Called again when somebody drops them. */
  ensureIndexes?(): Promise<void>;
  start(files: FileStore): Promise<void>;
  stop?(): Promise<void>;
}
