/**
 * Checks the two settings files of a deploy, each alone and as a pair, for deploy.sh:
 *   check-settings.ts settings-web.json settings-jobs.json
 * Prints `web_host=…`, `jobs_owner=…` and so on, one a line; or all problems on stderr, and exits 1.
 */
import { existsSync, readFileSync } from 'node:fs';
import { ignoredSecrets, load, type Settings, SettingsError } from '../../settings';

/** Galaxy breaks at about 32 kB of settings, without a clear word. */
const largestBytes = 32_000;

interface RoleFile {
  role: 'web' | 'jobs';
  file: string;
  settings?: Settings;
  problems: string[];
}

function readRole(role: RoleFile['role'], file: string): RoleFile {
  if (!existsSync(file)) return { role, file, problems: [`${file}: no such file`] };
  const text = readFileSync(file, 'utf8');
  const bytes = Buffer.byteLength(text);
  const problems = bytes > largestBytes ? [`${file}: ${bytes} bytes; Galaxy takes less than ${largestBytes}`] : [];
  try {
    const raw: unknown = JSON.parse(text);
    const settings = load(raw, { production: true });
    problems.push(...knownSecrets(file, raw), ...problemsOfRole(role, file, settings));
    return { role, file, settings, problems };
  } catch (error) {
    return { role, file, problems: [...problems, ...linesOf(error).map(line => `${file}: ${line}`)] };
  }
}

/** A role would ignore them, and run with its doors closed; who deploys with care wants to know before. */
function knownSecrets(file: string, raw: unknown): string[] {
  return ignoredSecrets(raw, { production: true }).map(
    setting =>
      `${file}: ${setting}: the template's own secret, known to everybody; make one with: openssl rand -hex 32`,
  );
}

function linesOf(error: unknown): readonly string[] {
  if (error instanceof SettingsError) return error.problems;
  return [`is not JSON: ${error instanceof Error ? error.message : error}`];
}

function problemsOfRole(role: RoleFile['role'], file: string, settings: Settings): string[] {
  const problems: string[] = [];
  const wanted = role === 'jobs';
  if (settings.runJobs !== wanted)
    problems.push(
      `${file}: runJobs: ${settings.runJobs}, the ${role} role needs ${wanted}; are the two files swapped?`,
    );
  if (!settings.deploy.host) problems.push(`${file}: deploy.host: unset; name the Galaxy host of the ${role} role`);
  if (!mongoUrl(settings)) problems.push(`${file}: galaxy.meteor.com.env.MONGO_URL: unset; both roles need it`);
  return problems;
}

function mongoUrl(settings: Settings): unknown {
  return (settings['galaxy.meteor.com'].env as Record<string, unknown> | undefined)?.MONGO_URL;
}

/** What must be equal in both files, and what must not. No message holds the value of a secret. */
function problemsOfPair(web: Settings, jobs: Settings): string[] {
  const problems: string[] = [];
  const differ = (name: string, a: unknown, b: unknown) => {
    if (JSON.stringify(a) !== JSON.stringify(b)) problems.push(`${name}: differs between the two files`);
  };
  differ('galaxy.meteor.com.env.MONGO_URL', mongoUrl(web), mongoUrl(jobs));
  differ('link.secret', web.link.secret, jobs.link.secret);
  differ('queue.signingKey', web.queue.signingKey, jobs.queue.signingKey);
  if (web.deploy.host !== undefined && web.deploy.host === jobs.deploy.host)
    problems.push(`deploy.host: both files say ${web.deploy.host}; the roles are two apps`);
  return problems;
}

function printable({ role, settings }: RoleFile): string[] {
  const { host, owner, plan, containerSize, healthUrl } = settings!.deploy;
  return Object.entries({
    host,
    owner,
    plan,
    container_size: containerSize,
    health_url: healthUrl ?? `https://${host}/healthz`,
  }).flatMap(([name, value]) => (value === undefined ? [] : [`${role}_${name}=${value}`]));
}

const [webFile = 'settings-web.json', jobsFile = 'settings-jobs.json'] = process.argv.slice(2);
const roles = [readRole('web', webFile), readRole('jobs', jobsFile)] as const;
const [web, jobs] = roles;
const problems = [
  ...roles.flatMap(role => role.problems),
  ...(web.settings && jobs.settings ? problemsOfPair(web.settings, jobs.settings) : []),
];
if (problems.length > 0) {
  console.error(`deploy: the settings are not fit to deploy:\n${problems.map(line => `  ${line}`).join('\n')}`);
  process.exitCode = 1;
} else {
  console.log(roles.flatMap(printable).join('\n'));
}
