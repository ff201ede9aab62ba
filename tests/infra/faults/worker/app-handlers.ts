import { handlers as ofApp } from '../../../../imports/tasks/handlers/index';
import type { HandlerContext } from '../../../../infra/workers/handler';
import { inLedger } from './recorded';

type Module = { handler(task: unknown, context: HandlerContext): unknown };

/** The app's own handlers, unchanged, for its own catalog: what they do is in the ledger, for the real roles. */
export const handlers = Object.fromEntries(
  Object.entries(ofApp).map(([type, load]) => [type, inLedgerOf(load as never)]),
);

function inLedgerOf(load: () => Promise<Module>) {
  return async () => {
    const { handler } = await load();
    return { handler: (task: unknown, context: HandlerContext) => inLedger(task, () => handler(task, context)) };
  };
}
