import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Edits } from '../edits';
import type { AppName } from './app-name';

/** What only the sample has. */
const sample = [
  'imports/api/notifications',
  'imports/api/pictures',
  'imports/api/pulse',
  'imports/api/reports',
  'imports/api/tasks/add-or-undo.ts',
  'imports/api/tasks/retry.ts',
  'imports/tasks/documents.ts',
  'imports/tasks/photo.ts',
  'imports/tasks/picture-type.ts',
  'imports/tasks/sales.ts',
  'imports/tasks/timetable.ts',
  'imports/tasks/handlers/build-report.ts',
  'imports/tasks/handlers/make-thumbnails.ts',
  'imports/tasks/handlers/send-notifications.ts',
  'imports/ui/format.ts',
  'imports/ui/notifications',
  'imports/ui/pictures',
  'imports/ui/pulse',
  'imports/ui/reports',
  'imports/ui/components/Announcer.tsx',
  'imports/ui/components/Empty.tsx',
  'imports/ui/components/use-now.ts',
  'tests/e2e/bad-input.test.ts',
  'tests/e2e/flows.test.ts',
  'tests/e2e/owners.test.ts',
  'tests/fixtures',
  'tests/infra/processes/workers-native-package.test.ts',
  'tests/app/unit/api-names.test.ts',
  'tests/app/unit/api-next-due.test.ts',
  'tests/app/api-receive-photo.test.ts',
  'tests/app/handlers-build-report.test.ts',
  'tests/app/handlers-make-thumbnails.test.ts',
  'tests/app/handlers-notifications.test.ts',
  'tests/app/unit/ui-page.test.ts',
  'bench/interference.ts',
  'bench/interference-add.ts',
  'bench/interference-pair.ts',
  'bench/interference-visitors.ts',
  'bench/interference-work.ts',
  'docs/images/page.png',
];

const dependencies = ['busboy', 'hucre', 'sharp'];
const devDependencies = ['@types/busboy', 'jpeg-js', 'read-excel-file'];

/** Areas of the stylesheet that go, by their headings. */
const areas = ['Pulse', 'Reports', 'Notifications', 'Pictures'];

/**
 * Takes the sample away. What stays is one small task, `burn`, from the page to the worker and back, and one schedule:
 * the path that one's own tasks will take, and what the tests of the machinery drive a role with.
 */
export function stripSample(edits: Edits, name: AppName): void {
  for (const path of sample) edits.remove(path);
  for (const [file, text] of templates())
    edits.write(file, text.replaceAll('APP_TITLE', name.title).replaceAll('APP_NAME', name.name));
  for (const area of areas)
    edits.replace('client/page.css', new RegExp(`\\n/\\* ${area} \\*/\\n[\\s\\S]*?(?=\\n/\\* |$)`), '\n');
  withoutPackages(edits);
  withoutUnused(edits);
  adaptTests(edits);
  adaptReadme(edits);
}

/** Files that stand in for the sample's: `bare/imports/ui/App.tsx.template` becomes `imports/ui/App.tsx`. */
function templates(): [string, string][] {
  const folder = join(__dirname, 'bare');
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(entry => entry.isFile());
  return entries.map(entry => {
    const path = join(entry.parentPath, entry.name);
    return [relative(folder, path).replace(/\.template$/, ''), readFileSync(path, 'utf8')];
  });
}

/** The caller lets npm put the lock file in order. */
function withoutPackages(edits: Edits): void {
  edits.json('package.json', (manifest: Record<string, Record<string, string>>) => {
    for (const name of dependencies) delete manifest.dependencies![name];
    for (const name of devDependencies) delete manifest.devDependencies![name];
    delete manifest.scripts!['bench:interference'];
  });
}

/** What only the sample called goes; what the next domain or test will call stays, and knip is told so. */
function withoutUnused(edits: Edits): void {
  edits.replace('imports/api/tasks/of-visitor.ts', /\n\/\*\* Which of these ids[\s\S]*?^\}\n/m, '');
  edits.replace('imports/ui/tasks.ts', /\n\/\*\* Whether asking again could help[\s\S]*$/, '');
  edits.replace('imports/api/errors.ts', /( ids can't be probed\.) \*\//, '$1 @public */');
  edits.replace('tests/support/page.ts', /(\/\*\* Types over what a field holds\.) \*\//, '$1 @public */');
  edits.replace('tests/support/page.ts', /(\/\*\* Drops files .*?) \*\//, '$1 @public */');
}

/** Tests that name a schedule or a part of the page of the sample. */
function adaptTests(edits: Edits): void {
  const schedule = 'tests/app/schedules.test.ts';
  edits.replace(schedule, /send notifications/g, 'burn a little');
  edits.replace(schedule, /sendNotifications/g, 'burn');
  edits.replace('tests/support/page.ts', /'\.pulse h1'/, "'.work h1'");
}

function adaptReadme(edits: Edits): void {
  edits.replace('README.md', /^!\[The page.*\n\n/m, '');
  edits.replace('README.md', /^The figure at the top is .*\n\n/m, '');
  edits.replace('docs/scaling.md', /^`npm run bench:interference` [\s\S]*?\n\n/m, '');
}
