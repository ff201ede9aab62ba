import { app } from '../imports/app';
import { startRole } from '../infra/roles';

startRole(app);
