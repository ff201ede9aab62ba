import { serveRole } from '../../../infra/workers/process/serve-role';
import { catalog } from './catalog';
import { handlers } from './handlers';

serveRole(catalog, handlers);
