import { WebApp } from 'meteor/webapp';
import type { RoleParts } from '../../infra/app';
import type { FileStore } from '../../infra/database';
import { defineBurnMethods } from './burn/methods';
import { downloadRoute } from './files/download';
import { ensureIndexes } from './indexes';
import { publishNotifications } from './notifications/publications';
import { definePictureMethods } from './pictures/methods';
import { publishPictures } from './pictures/publications';
import { uploadRoute } from './pictures/upload';
import { definePulseMethods } from './pulse/methods';
import { Pulse } from './pulse/pulse';
import { limitRates } from './rate-limits';
import { defineReportMethods } from './reports/methods';
import { publishReports } from './reports/publications';
import { publishTasks } from './tasks/publications';
import { defineVisitorMethods } from './visitors/methods';

/** The names of the app's publications. */
const publications = [
  'reports.mine',
  'pictures.mine',
  'tasks.mine',
  'notifications.latest',
  'notifications.due',
] as const;

/** What the web role serves of the app: its methods, publications and routes, as one service. */
export function createApi({ files, keepIndexes }: Pick<RoleParts, 'files' | 'keepIndexes'>) {
  const pulse = new Pulse();
  return {
    name: 'api',
    async start(): Promise<void> {
      await keepIndexes(ensureIndexes);
      await pulse.start();
      defineMethods(files, pulse);
      publish();
      limitRates(publications);
      WebApp.handlers.post('/upload/pictures', uploadRoute(files));
      WebApp.handlers.get('/files/:id', downloadRoute(files));
    },
    stop: () => pulse.stop(),
  };
}

function defineMethods(files: FileStore, pulse: Pulse): void {
  defineVisitorMethods();
  defineReportMethods(files);
  definePictureMethods(files);
  defineBurnMethods();
  definePulseMethods(pulse);
}

function publish(): void {
  publishReports();
  publishPictures();
  publishTasks();
  publishNotifications();
}
