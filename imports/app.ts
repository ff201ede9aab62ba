import { defineApp } from '../infra/app';
import { createApi } from './api';
import { addSchedules } from './schedules';
import { settings } from './settings';
import { type Catalog, catalog } from './tasks/catalog';
import { handlers } from './tasks/handlers';

/** The one place where the machinery meets the app. docs/app.md has a line on each part. */
export const app = defineApp({
  name: 'tandem',
  catalog,
  handlers,
  settings,
  schedules: addSchedules,
  api: createApi,
  uploads: [{ path: '/upload/pictures' }],
});

declare module '../infra/catalog/app-types' {
  interface AppTypes {
    catalog: Catalog;
    settings: typeof settings;
  }
}
