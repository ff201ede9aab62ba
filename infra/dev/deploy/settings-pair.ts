import { stat } from 'node:fs/promises';
import { oneLine } from '../../monitor/one-line';
import { ignoredSecrets, load, type Settings, SettingsError } from '../../settings';
import { appSettingsTree } from '../app-settings';
import { readSettings } from '../settings-file';

/** Galaxy breaks at about 32 kB of settings, without a clear word. */
const largestBytes = 32_000;

/** One role's settings file as a deploy sees it. */
export interface RoleFile {
  role: 'web' | 'jobs';
  file: string;
  /** Missing where the file can't be read as settings. */
  settings?: Settings;
  problems: string[];
}

/** Reads the settings file of a role and judges it alone. No message ever holds the value of a secret. */
export async function readRole(role: RoleFile['role'], file: string): Promise<RoleFile> {
  const problems = await problemsOfSize(file);
  try {
    const raw = await readSettings(file);
    const settings = load(raw, { production: true, app: await appSettingsTree() });
    problems.push(...(await knownSecrets(file, raw)), ...problemsOfRole(role, file, settings));
    return { role, file, settings, problems };
  } catch (error) {
    return { role, file, problems: [...problems, ...linesOf(error, file)] };
  }
}

async function problemsOfSize(file: string): Promise<string[]> {
  const { size } = await stat(file).catch(() => ({ size: 0 })); // what can't be read is said by who reads it
  return size > largestBytes ? [`${file}: ${size} bytes; Galaxy takes less than ${largestBytes}`] : [];
}

/** A role would ignore them, and run with its doors closed; who deploys with care wants to know before. */
async function knownSecrets(file: string, raw: unknown): Promise<string[]> {
  return ignoredSecrets(raw, { production: true, app: await appSettingsTree() }).map(
    setting =>
      `${file}: ${setting}: the template's own secret, known to everybody; make one with: openssl rand -hex 32`,
  );
}

function linesOf(error: unknown, file: string): readonly string[] {
  if (error instanceof SettingsError) return error.problems.map(line => `${file}: ${line}`);
  return [error instanceof Error ? error.message : String(error)];
}

function problemsOfRole(role: RoleFile['role'], file: string, settings: Settings): string[] {
  const problems: string[] = [];
  const wanted = role === 'jobs';
  if (settings.runJobs !== wanted)
    problems.push(
      `${file}: runJobs: ${settings.runJobs}, the ${role} role needs ${wanted}; are the two files swapped?`,
    );
  if (settings.deploy.host === undefined)
    problems.push(`${file}: deploy.host: unset; name the Galaxy host of the ${role} role`);
  if (!mongoUrl(settings)) problems.push(`${file}: galaxy.meteor.com.env.MONGO_URL: unset; both roles need it`);
  return [...problems, ...problemsOfDeploy(file, settings.deploy)];
}

/** They become arguments of the Meteor tool: words that are no option, and that no terminal acts upon. */
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

/** What must be equal in both files, and what must not. */
export function problemsOfPair({ settings: web }: RoleFile, { settings: jobs }: RoleFile): string[] {
  if (!web || !jobs) return [];
  const pairs: [string, unknown, unknown][] = [
    ['galaxy.meteor.com.env.MONGO_URL', mongoUrl(web), mongoUrl(jobs)],
    ['link.secret', web.link.secret, jobs.link.secret],
    ['queue.signingKey', web.queue.signingKey, jobs.queue.signingKey],
  ];
  const problems = pairs
    .filter(([, a, b]) => JSON.stringify(a) !== JSON.stringify(b))
    .map(([name]) => `${name}: differs between the two files`);
  if (web.deploy.host !== undefined && web.deploy.host === jobs.deploy.host)
    problems.push(`deploy.host: both files say ${web.deploy.host}; the roles are two apps`);
  return problems;
}
