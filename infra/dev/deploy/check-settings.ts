/**
 * Checks the two settings files of a deploy, each alone and as a pair, for deploy.sh:
 *   check-settings.ts settings-web.json settings-jobs.json
 * Prints `web_host=…`, `jobs_owner=…` and so on, one a line; or all problems on stderr, and exits 1.
 */
import { oneLine } from '../../monitor/one-line';
import { problemsOfPair, type RoleFile, readRole } from './settings-pair';

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

async function check([webFile = 'settings-web.json', jobsFile = 'settings-jobs.json']: string[]): Promise<void> {
  const [web, jobs] = await Promise.all([readRole('web', webFile), readRole('jobs', jobsFile)]);
  const problems = [...web.problems, ...jobs.problems, ...problemsOfPair(web, jobs)];
  if (problems.length === 0) return console.log([web, jobs].flatMap(printable).join('\n'));
  console.error(
    `deploy: the settings are not fit to deploy:\n${problems.map(line => `  ${oneLine(line)}`).join('\n')}`,
  );
  process.exitCode = 1;
}

void check(process.argv.slice(2));
