/**
 * Checks the settings files of a deploy, each by itself and all together, for deploy.sh:
 *   check-settings.ts [ENVIRONMENT]
 * Prints `jobs file=…`, `jobs host=…`, `web owner=…` and so on, one a line, roles in the order of the deploy; or all
 * problems on stderr, and exits 1.
 */
import { oneLine } from '../../monitor/one-line';
import { rolesOf } from '../roles';
import { problemsBetween, type RoleFile, readRole } from './settings-files';

function printable({ role, settings }: RoleFile): string[] {
  const { host, owner, plan, containerSize, healthUrl } = settings!.deploy;
  return Object.entries({
    file: role.settingsFile,
    host,
    owner,
    plan,
    container_size: containerSize,
    health_url: healthUrl ?? `https://${host}/healthz`,
  }).flatMap(([name, value]) => (value === undefined ? [] : [`${role.name} ${name}=${value}`]));
}

async function check([environment]: string[]): Promise<void> {
  const roles = await rolesOf('.', environment);
  const files = await Promise.all(roles.map(role => readRole(role)));
  const problems = [...files.flatMap(file => file.problems), ...problemsBetween(files)];
  // So the jobs roles know every task type that a new web role adds.
  const [web, ...jobs] = files;
  if (problems.length === 0) return console.log([...jobs, web!].flatMap(printable).join('\n'));
  refuse(problems);
}

function refuse(problems: string[]): void {
  const lines = problems.map(line => `  ${oneLine(line)}`).join('\n');
  console.error(`deploy: the settings are not fit to deploy:\n${lines}`);
  process.exitCode = 1;
}

check(process.argv.slice(2)).catch(error => refuse([error.message]));
