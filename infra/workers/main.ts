/** A worker's own entry: esbuild bundles it into private/workers/main.js, the pool forks it. */
import { catalog } from '../../imports/tasks/catalog';
import { handlers } from '../../imports/tasks/handlers';
import { serveRole } from './process/serve-role';

serveRole(catalog, handlers);
