import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSettings, type Settings } from '../../infra/dev/json-file';
import { roleEnvironment } from '../../infra/dev/running/roles';
import { type BuiltApp, buildOfThisRun } from './build';
import { startProcess, type TestProcess } from './processes';
import { root } from './run';

export type RoleName = 'web' | 'jobs';

export interface BuiltRoleOptions {
  /** Default: the app of this checkout. */
  app?: BuiltApp | undefined;
  /** Laid over the role's settings file; a field that is an object is laid over, not replaced. */
  settings?: Settings | undefined;
  mongoUrl: string;
  ports: Record<RoleName, number>;
  /** Gets the role's working folder and its TMPDIR; a second role of the same name shares them. */
  folder: string;
  env?: NodeJS.ProcessEnv;
}

/** Starts one built role as a real process. It is not ready yet. */
export async function launchBuiltRole(name: RoleName, options: BuiltRoleOptions): Promise<TestProcess> {
  const { app, settings = {}, mongoUrl, ports, folder, env = {} } = options;
  const { serverFile, clientFolder, privateFolder, settingsFolder } = await buildOfThisRun(app);
  const settled = laidOver(await readSettings(join(settingsFolder, `settings-${name}.json`)), settings);
  const deps = { mongoUrl, clientFolder, privateFolder, publicFolder: join(root, 'public'), jobsPort: ports.jobs };
  const cwd = join(folder, name);
  const TMPDIR = join(folder, `${name}-tmp`);
  for (const path of [cwd, TMPDIR]) await mkdir(path, { recursive: true });
  const environment = { ...roleEnvironment(ports[name], settled, deps), TMPDIR, ...env };
  return startProcess(process.execPath, ['--enable-source-maps', serverFile], { cwd, env: environment });
}

function laidOver(below: Settings, above: Settings): Settings {
  const merged = { ...below };
  for (const [name, value] of Object.entries(above)) {
    const under = merged[name];
    merged[name] = isObject(value) && isObject(under) ? laidOver(under, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is Settings {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
