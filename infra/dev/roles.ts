import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readSettings, type Settings } from './json-file';

/** A role of this checkout: each settings file makes one. */
export interface Role {
  /** `web`, `jobs`, and `jobs-heavy` for settings-jobs-heavy.json. */
  name: string;
  kind: 'web' | 'jobs';
  /** From the root. */
  settingsFile: string;
}

export interface LocalRole extends Role {
  port: number;
}

/**
 * The web role, the jobs role, and one more for each settings-jobs-<name>.json.
 *
 * @param environment `production` means settings-web.production.json and so on.
 * @throws one line about a file whose name makes no role.
 */
export async function rolesOf(root: string, environment = ''): Promise<Role[]> {
  const ending = environment ? `.${environment}.json` : '.json';
  const names = (await readdir(root))
    .filter(file => file.startsWith('settings-jobs-') && file.endsWith(ending))
    .map(file => file.slice('settings-'.length, -ending.length))
    .filter(name => !name.includes('.')); // of another environment
  for (const name of names) checkName(name, `settings-${name}${ending}`);
  return ['web', 'jobs', ...names.sort()].map(name => ({
    name,
    kind: name === 'web' ? 'web' : 'jobs',
    settingsFile: `settings-${name}${ending}`,
  }));
}

/** It becomes the name of an app, of folders and of variables, even on systems that ignore case. */
function checkName(name: string, file: string): void {
  if (/^jobs(-[a-z0-9]+)+$/.test(name)) return;
  throw new Error(
    `${file}: the name of a role has small letters, digits and single dashes, like settings-jobs-heavy.json: rename the file`,
  );
}

/** Where the jobs role listens, which the web role's link goes to. */
export const jobsPortOf = (webPort: number) => webPort + 100;

/** The roles of a checkout with their ports: web at `port`, jobs 100 above, and each further one above that. */
export async function localRolesOf(root: string, port: number): Promise<LocalRole[]> {
  const [web, ...jobs] = await rolesOf(root);
  return [{ ...web!, port }, ...jobs.map((role, index) => ({ ...role, port: jobsPortOf(port) + index }))];
}

/** Where the inspector of a role listens; those of a jobs role's workers are above it. */
export function inspectorPortOf({ kind, port }: LocalRole, jobsPort: number, first: number): number {
  return kind === 'web' ? first : first + 1 + inspectorsOfRole * (port - jobsPort);
}

/** How many ports a jobs role has for its own inspector and those of its workers. */
const inspectorsOfRole = 100;

/** @throws one line with all roles if none has this name. */
export function onlyRole<R extends Role>(roles: R[], name: string | undefined): R[] {
  const chosen = roles.filter(role => name === undefined || role.name === name);
  if (chosen.length > 0) return chosen;
  throw new Error(
    `--role: ${JSON.stringify(name)} is no role here, there are ${roles.map(role => role.name).join(', ')}`,
  );
}

/**
 * Reads the settings file of a role for development. A file that contradicts its name would leave that role out: no
 * task would run, or no page be served.
 *
 * @throws one line that names the file, what is wrong and where.
 */
export async function readRoleSettings(root: string, { name, kind, settingsFile }: Role): Promise<Settings> {
  const settings = await readSettings(join(root, settingsFile));
  const wanted = kind === 'jobs';
  if (settings.runJobs === wanted) return settings;
  if (settings.runJobs === undefined) {
    if (name === kind) return settings; // alone in a process it would have both roles
    throw new Error(`${settingsFile}: "runJobs" is missing, so this would be a second web role: set it to true`);
  }
  const lost = wanted ? 'no process would run tasks' : 'no process would serve the page';
  throw new Error(
    `${settingsFile}: "runJobs" is ${settings.runJobs}, so ${lost}: set it to ${wanted} (the web role has false, a jobs role true)`,
  );
}

/** The settings of each started role, from its file. */
export class RoleSettings {
  private readonly settings = new Map<string, Settings>();

  constructor(
    private readonly root: string,
    private readonly roles: Role[],
  ) {}

  of(role: Role): Settings {
    return this.settings.get(role.name)!;
  }

  /** @throws one line about the first unusable file; the settings read before stay. */
  async read(roles: Role[] = this.roles): Promise<void> {
    for (const role of roles) this.settings.set(role.name, await readRoleSettings(this.root, role));
  }

  /** Reads the settings files among `paths` again. @returns the names of their roles. */
  async changedBy(paths: string[]): Promise<string[]> {
    const changed = this.roles.filter(({ settingsFile }) => paths.includes(settingsFile));
    await this.read(changed);
    return changed.map(({ name }) => name);
  }
}
