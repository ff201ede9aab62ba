import type { Edits } from '../edits';

/** A part of the sample: its own files, and the lines of other files that name it. */
interface Feature {
  own: readonly string[];
  lines: Readonly<Record<string, readonly string[]>>;
}

const reports: Feature = {
  own: [
    'imports/api/reports',
    'imports/tasks/reports',
    'imports/tasks/handlers/reports',
    'imports/ui/reports',
    'client/reports.css',
    'tests/app/handlers-build-report.test.ts',
    'tests/app/unit/reports-rows.test.ts',
  ],
  lines: {
    'imports/app.ts': ["import { reports } from './api/reports';", '  reports,'],
    'imports/tasks/catalog.ts': ["import { reportTasks } from './reports/task-types';", '  ...reportTasks,'],
    'imports/tasks/handlers/index.ts': ["  buildReport: () => import('./reports/build-report'),"],
    'imports/tasks/handlers/notifications/send-notifications.ts': [
      "import { countReports } from '../../reports/documents';",
      '  countReports,',
    ],
    'imports/ui/App.tsx': [
      "import { Reports } from './reports/Reports';",
      '        <Reports />',
      "  buildReport: 'Report',",
    ],
  },
};

const pictures: Feature = {
  own: [
    'imports/api/pictures',
    'imports/tasks/pictures',
    'imports/tasks/handlers/pictures',
    'imports/ui/pictures',
    'client/pictures.css',
    'tests/app/api-receive-photo.test.ts',
    'tests/app/handlers-make-thumbnails.test.ts',
    'tests/app/unit/pictures-check-file.test.ts',
  ],
  lines: {
    'imports/app.ts': [
      "import { pictures } from './api/pictures';",
      '  pictures,',
      "  uploads: [{ path: '/upload/pictures' }],",
    ],
    'imports/tasks/catalog.ts': ["import { pictureTasks } from './pictures/task-types';", '  ...pictureTasks,'],
    'imports/tasks/handlers/index.ts': ["  makeThumbnails: () => import('./pictures/make-thumbnails'),"],
    'imports/tasks/handlers/notifications/send-notifications.ts': [
      "import { countPictures } from '../../pictures/documents';",
      '  countPictures,',
    ],
    'imports/ui/App.tsx': [
      "import { Pictures } from './pictures/Pictures';",
      '        <Pictures />',
      "  makeThumbnails: 'Thumbnails',",
    ],
  },
};

const notifications: Feature = {
  own: [
    'imports/api/notifications',
    'imports/tasks/notifications',
    'imports/tasks/handlers/notifications',
    'imports/ui/notifications',
    'client/notifications.css',
    'tests/app/handlers-notifications.test.ts',
    'tests/app/schedules.test.ts',
    'tests/app/unit/api-next-due.test.ts',
  ],
  lines: {
    'imports/app.ts': ["import { notifications } from './api/notifications';", '  notifications,'],
    'imports/tasks/catalog.ts': [
      "import { notificationTasks } from './notifications/task-types';",
      '  ...notificationTasks,',
    ],
    'imports/tasks/handlers/index.ts': ["  sendNotifications: () => import('./notifications/send-notifications'),"],
    'imports/schedules.ts': [
      "import { notificationSchedule } from './api/notifications/schedule';",
      '    notificationSchedule,',
    ],
    'imports/ui/App.tsx': [
      "import { Notifications } from './notifications/Notifications';",
      '        <Notifications />',
    ],
  },
};

/** The files that only the three share, and those that show or measure them together. */
const shared: Feature = {
  own: [
    'imports/api/tasks/add-or-undo.ts',
    'imports/api/tasks/retry.ts',
    'imports/ui/components/Panel.tsx',
    'imports/ui/components/Panel.tsx',
    'imports/ui/components/ProgressBar.tsx',
    'tests/app/notifications-of-all.test.ts',
    'tests/e2e/bad-input.test.ts',
    'tests/e2e/flows.test.ts',
    'tests/e2e/owners.test.ts',
    'tests/e2e/panels.test.ts',
    'tests/fixtures',
    'tests/infra/processes/workers-native-package.test.ts',
    'bench/interference.ts',
    'bench/interference-add.ts',
    'bench/interference-visitors.ts',
    'bench/interference-work.ts',
    'bench/page-picture.ts',
    'docs/images/page.png',
  ],
  lines: {},
};

/** Each can go alone. */
export const features = { reports, pictures, notifications };

const dependencies = ['hucre', 'sharp'];
const devDependencies = ['jpeg-js', 'read-excel-file'];

/**
 * Removes the sample's reports, pictures and notifications, as a person would: folders and lines, nothing else. The web
 * role's pulse stays, and one small task, `burn`, from the page to the worker and back.
 */
export function stripSample(edits: Edits): void {
  for (const feature of [...Object.values(features), shared]) stripFeature(edits, feature);
  withoutPackages(edits);
}

export function stripFeature(edits: Edits, { own, lines }: Feature): void {
  for (const path of own) edits.remove(path);
  for (const [file, those] of Object.entries(lines)) edits.removeLines(file, those);
}

/** The caller lets npm update the lock file. */
function withoutPackages(edits: Edits): void {
  edits.json('package.json', (manifest: Record<string, Record<string, string>>) => {
    for (const name of dependencies) delete manifest.dependencies![name];
    for (const name of devDependencies) delete manifest.devDependencies![name];
    delete manifest.scripts!['bench:interference'];
    delete manifest.scripts!['docs:picture'];
  });
}
