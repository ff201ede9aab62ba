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
 * @param environment `production` stands for settings-web.production.json and so on.
 * @throws one line on a file whose name makes no role.
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

/** It becomes the name of an app, of folders and of variables, also where A and a are the same. */
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

/** @throws one line with the roles that there are, where none has this name. */
export function onlyRole<R extends Role>(roles: R[], name: string | undefined): R[] {
  const chosen = roles.filter(role => name === undefined || role.name === name);
  if (chosen.length > 0) return chosen;
  throw new Error(
    `--role: ${JSON.stringify(name)} is no role here, there are ${roles.map(role => role.name).join(', ')}`,
  );
}

/**
 * Reads the settings file of a role as a developer starts it. A file that says the opposite of its name would leave that
 * role out: no task would run, or no page be served.
 *
 * @throws one line that names the file, what is wrong and where.
 */
export async function readRoleSettings(root: string, { name, kind, settingsFile }: Role): Promise<Settings> {
  const settings = await readSettings(join(root, settingsFile));
  const wanted = kind === 'jobs';
  if (settings.runJobs === wanted) return settings;
  if (settings.runJobs === undefined) {
    if (name === kind) return settings; // alone in a process it would be both
    throw new Error(`${settingsFile}: "runJobs" is missing, so this would be a second web role: set it to true`);
  }
  const lost = wanted ? 'no process would run tasks' : 'no process would serve the page';
  throw new Error(
    `${settingsFile}: "runJobs" is ${settings.runJobs}, so ${lost}: set it to ${wanted} (the web role has false, a jobs role true)`,
  );
}

/** The settings of each role that is started, as its file says them. */
export class RoleSettings {
  private readonly settings = new Map<string, Settings>();

  constructor(
    private readonly root: string,
    private readonly roles: Role[],
  ) {}

  of(role: Role): Settings {
    return this.settings.get(role.name)!;
  }

  /** @throws one line on the first file that can't be used; what was read before stays. */
  async read(roles: Role[] = this.roles): Promise<void> {
    for (const role of roles) this.settings.set(role.name, await readRoleSettings(this.root, role));
  }

  /** Reads the files that are among `paths` again. @returns the names of the roles whose they are. */
  async changedBy(paths: string[]): Promise<string[]> {
    const changed = this.roles.filter(({ settingsFile }) => paths.includes(settingsFile));
    await this.read(changed);
    return changed.map(({ name }) => name);
  }
}
