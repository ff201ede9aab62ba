import { defineApp } from '../infra/app';
import { createApi } from './api';
import { burn } from './api/burn';
import { files } from './api/files';
import { notifications } from './api/notifications';
import { pictures } from './api/pictures';
import { pulse } from './api/pulse';
import { reports } from './api/reports';
import { tasks } from './api/tasks';
import { visitors } from './api/visitors';
import { pages } from './pages';
import { roleHandlers } from './role-handlers';
import { addSchedules } from './schedules';
import { settings } from './settings';
import { type Catalog, catalog } from './tasks/catalog';
import { handlers } from './tasks/handlers';

/** What the web role serves, a line for each domain. `npm run new:api NAME` writes one. */
const api = createApi([
  // In any order: a domain knows no other.
  visitors,
  files,
  tasks,
  burn,
  pulse,
  reports,
  pictures,
  notifications,
]);

/** The one place where the machinery meets the app. docs/app.md has a line on each part. */
export const app = defineApp({
  name: 'tandem',
  catalog,
  handlers,
  roleHandlers,
  settings,
  schedules: addSchedules,
  ownerField: 'owner',
  api,
  pages,
  uploads: [{ path: '/upload/pictures' }],
});

declare module '../infra/catalog/app-types' {
  interface AppTypes {
    catalog: Catalog;
    settings: typeof settings;
    handlers: typeof handlers;
    roleHandlers: typeof roleHandlers;
  }
}
