import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { oneLine } from '../../monitor/one-line';
import { ignoredSecrets, load, type Settings, SettingsError } from '../../settings';
import { appSettingsTree, readSettings } from '../json-file';
import type { Role } from '../roles';

/** Galaxy fails at about 32 kB of settings, without a clear message. */
const largestBytes = 32_000;

/** One role's settings file as a deploy sees it. */
export interface RoleFile {
  role: Role;
  /** Absent if the file can't be read as settings. */
  settings?: Settings;
  problems: string[];
}

/** Reads the settings file of a role and checks it by itself. No message holds the value of a secret. */
export async function readRole(role: Role, folder = '.'): Promise<RoleFile> {
  const file = join(folder, role.settingsFile);
  const problems = await problemsOfSize(file);
  try {
    const raw = await readSettings(file);
    const settings = load(raw, { production: true, app: appSettingsTree() });
    problems.push(...knownSecrets(file, raw), ...problemsOfRole(role, file, settings));
    return { role, settings, problems };
  } catch (error) {
    return { role, problems: [...problems, ...linesOf(error, file)] };
  }
}

async function problemsOfSize(file: string): Promise<string[]> {
  const { size } = await stat(file).catch(() => ({ size: 0 })); // the reader reports an unreadable file
  return size > largestBytes ? [`${file}: ${size} bytes; Galaxy takes less than ${largestBytes}`] : [];
}

/** A role would ignore them, and run with its link and console off; the deploy reports that before. */
function knownSecrets(file: string, raw: unknown): string[] {
  return ignoredSecrets(raw, { production: true, app: appSettingsTree() }).map(
    setting =>
      `${file}: ${setting}: the template's own secret, known to everybody; make one with: openssl rand -hex 32`,
  );
}

function linesOf(error: unknown, file: string): readonly string[] {
  if (error instanceof SettingsError) return error.problems.map(line => `${file}: ${line}`);
  return [error instanceof Error ? error.message : String(error)];
}

function problemsOfRole({ name, kind }: Role, file: string, settings: Settings): string[] {
  const problems: string[] = [];
  const wanted = kind === 'jobs';
  if (settings.runJobs !== wanted)
    problems.push(`${file}: runJobs: ${settings.runJobs}, the ${name} role needs ${wanted}; are two files swapped?`);
  if (settings.deploy.host === undefined)
    problems.push(`${file}: deploy.host: unset; name the Galaxy host of the ${name} role`);
  if (!mongoUrl(settings)) problems.push(`${file}: galaxy.meteor.com.env.MONGO_URL: unset; every role needs it`);
  return [...problems, ...problemsOfDeploy(file, settings.deploy)];
}

/** They become arguments of the Meteor tool: they must be no option, and hold no control characters. */
const words: Readonly<Record<string, [pattern: RegExp, wanted: string]>> = {
  host: [/^(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i, 'a host name'],
  owner: [/^[a-z0-9][\w.@+-]{0,99}$/i, 'the name of an account'],
  plan: [/^[a-z0-9][\w.-]{0,99}$/i, 'the name of a plan'],
};

function problemsOfDeploy(file: string, deploy: Settings['deploy']): string[] {
  const values = Object.entries(deploy).filter(([, value]) => value !== undefined);
  return values.flatMap(([name, value]) => {
    const [pattern, wanted] = words[name] ?? [/^/, ''];
    const problem = name === 'healthUrl' ? problemOfUrl(value!) : pattern.test(value!) ? '' : `is not ${wanted}`;
    const shown = value!.includes('@') && name === 'healthUrl' ? '"…"' : oneLine(JSON.stringify(value));
    return problem ? [`${file}: deploy.${name}: ${shown} ${problem}`] : [];
  });
}

function problemOfUrl(text: string): string {
  if (!/^https?:\/\/[!-~]+$/.test(text) || !URL.canParse(text))
    return 'is not a URL that begins with http:// or https://';
  const { username, password } = new URL(text);
  return username || password ? 'holds a name or a password, and deploy.sh shows it' : '';
}

function mongoUrl(settings: Settings): unknown {
  return (settings['galaxy.meteor.com'].env as Record<string, unknown> | undefined)?.MONGO_URL;
}

/** Checks the settings that must be equal in all files, and those that must differ. */
export function problemsBetween([web, ...jobs]: RoleFile[]): string[] {
  return [...jobs.flatMap(other => differences(web!, other)), ...sharedHosts([web!, ...jobs])];
}

function differences(web: RoleFile, jobs: RoleFile): string[] {
  if (!web.settings || !jobs.settings) return [];
  const [a, b] = [sharedBy(web.settings), sharedBy(jobs.settings)];
  return Object.keys(a)
    .filter(name => JSON.stringify(a[name]) !== JSON.stringify(b[name]))
    .map(name => `${name}: differs between ${web.role.settingsFile} and ${jobs.role.settingsFile}`);
}

const sharedBy = (settings: Settings): Record<string, unknown> => ({
  'galaxy.meteor.com.env.MONGO_URL': mongoUrl(settings),
  'link.secret': settings.link.secret,
  'queue.signingKey': settings.queue.signingKey,
});

function sharedHosts(files: RoleFile[]): string[] {
  const hostOf = ({ settings }: RoleFile) => settings?.deploy.host;
  return files.flatMap((file, index) => {
    const first = files.slice(0, index).find(before => hostOf(file) !== undefined && hostOf(before) === hostOf(file));
    const both = first && `${first.role.settingsFile} and ${file.role.settingsFile} both say ${hostOf(file)}`;
    return both ? [`deploy.host: ${both}; each role is an app of its own`] : [];
  });
}
