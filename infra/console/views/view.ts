import type { ProcessRegistry } from '../../monitor/processes';
import type { QueueCounts, TaskQueueOf } from '../../queue';
import type { CodePauses } from '../../schedules/code-pauses';
import type { SchedulesOf } from '../../schedules/schedules';
import type { OperatorRole } from '../../settings';

/** What a view answers: fields, and rows where it is a list. Plain data: it goes over DDP. */
export interface ViewResult {
  rows?: readonly { _id: string }[];
  [field: string]: unknown;
}

/**
 * What a page shows, looked up once a second while somebody has it open, one look for all who ask the same. A look is
 * bounded: `limit + 1`, `maxTimeMS`, an index for each question, never a count over tasks.
 */
export interface View<Params, Result = ViewResult> {
  /** Who may see it. Default: every operator. */
  needs?: OperatorRole;
  /** @throws where a parameter is wrong, with its name, its value and what to do. */
  parse(params: Record<string, unknown>): Params;
  look(params: Params): Promise<Result>;
}

/** What views look at beside the queue and the link. */
export interface ViewDeps {
  registry: Pick<ProcessRegistry, 'list'>;
  /** The app's queue, of whatever catalog. */
  queue: AnyQueue;
  schedules: SchedulesOf<object>;
  /** Where the runs of the schedules of the app's code are kept. */
  cronHistory: string;
  codePauses: Pick<CodePauses, 'read'>;
}

export type AnyQueue = Pick<
  TaskQueueOf<object>,
  | 'core'
  | 'counts'
  | 'explain'
  | 'ofOwner'
  | 'errors'
  | 'statistics'
  | 'find'
  | 'batch'
  | 'batches'
  | 'bulkWork'
  | 'bulkWorks'
  | 'attemptLog'
  | 'limits'
>;

/** The counts of all states, asked for once in a while however many views show them. */
export type CachedCounts = () => Promise<QueueCounts>;

/** A parameter that is a text, or not there. @throws where it is anything else, or too long. */
export function textIn(params: Record<string, unknown>, name: string): string | undefined {
  const value = params[name];
  if (value === undefined) return undefined;
  if (typeof value === 'string' && value.length <= longestText) return value;
  throw new TypeError(`${name}: give a text of ${longestText} characters at most`);
}

const longestText = 1_000;

/** How long MongoDB may work on one question of a page. */
export const maxTimeMS = 2_000;

/** A view with its types. */
export const view = <Params, Result>(entry: View<Params, Result>): View<Params, Result> => entry;

/** For a view that is not asked anything. */
export const noParams = (): Record<string, never> => ({});
