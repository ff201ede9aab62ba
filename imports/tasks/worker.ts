/** A worker's entry: esbuild bundles it into private/workers/main.js, and a jobs role forks that. */
import { serveRole } from '../../infra/workers/process/serve-role';
import { catalog } from './catalog';
import { handlers } from './handlers';

serveRole(catalog, handlers);
