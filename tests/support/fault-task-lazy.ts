import type { HandlerIn } from '../../infra/workers/handler';
import type { FaultCatalog } from './fault-task-catalog';

/** Tells whoever looks that this module was loaded. */
Object.assign(globalThis, { lazyLoaded: true });

export const handler: HandlerIn<FaultCatalog, 'touchLazy'> = () => 'touched';
