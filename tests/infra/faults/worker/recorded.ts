import type { HandlerContext } from '../../../../infra/workers/handler';
import { Ledger } from '../evidence/ledger';

/** What a handler of the fault suite needs to know of its task. */
export interface RecordedTask<Data> {
  _id: string;
  data: Data;
  token?: string;
  attempt: number;
  catalogVersion: number;
}

let opened: Ledger | undefined;

/** The ledger of this worker; its folder comes by the pool's `env`, or a real role's setting `workers.env`. */
export function ledger(): Ledger {
  opened ??= new Ledger(process.env.FAULTS_LEDGER as string, 'worker');
  return opened;
}

/**
 * A handler that says in the ledger when it begins, when it has its effect, and how it ends. Its result names the claim
 * that it belongs to, so that a late one can be told.
 */
export function recorded<Data>(work: (task: RecordedTask<Data>, context: HandlerContext) => unknown) {
  return async (task: unknown, context: HandlerContext) => {
    const { token = '' } = task as RecordedTask<Data>;
    return { token, result: await inLedger(task, () => work(task as RecordedTask<Data>, context)) };
  };
}

/** Does the work of a task, and says in the ledger that it begins, has its effect, and ends. */
export async function inLedger<T>(task: unknown, work: () => T | Promise<T>): Promise<T> {
  const { _id, token = '', attempt } = task as RecordedTask<unknown>;
  const version = Number(process.env.FAULTS_VERSION ?? 1);
  ledger().write({ kind: 'start', task: _id, token, attempt, version, role: process.ppid });
  let how = 'done';
  try {
    const result = await work();
    ledger().write({ kind: 'effect', task: _id, token });
    return result;
  } catch (error) {
    how = String((error as Error)?.name);
    throw error;
  } finally {
    ledger().write({ kind: 'end', task: _id, token, how });
  }
}
