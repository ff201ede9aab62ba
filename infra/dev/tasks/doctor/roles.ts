import { basename } from 'node:path';
import { hasChangeStreams } from '../../../database';
import { type ProcessRecord, untakenTypes } from '../../../monitor/processes';
import { load, type Settings } from '../../../settings';
import { problemsBetween, type RoleFile } from '../../deploy/settings-files';
import { appSettingsTree, readSettings } from '../../json-file';
import { rolesOf } from '../../roles';
import { root } from '../../root';
import type { OpenQueue } from '../open';
import { count, duration } from '../output';
import { type Finding, fine, note, wrong } from './finding';

/** A clock may be as wrong as that: an answer takes a while, too. */
const clockToleranceMs = 2_000;

/** Whether the clocks of the roles are right, by the database's. */
export async function checkClocks({ clock, registry }: OpenQueue): Promise<Finding[]> {
  const living = await registry.list();
  const off = living.flatMap(record => {
    const ms = record.clock ? record.clock.getTime() - record.lastSeen.getTime() : 0;
    return Math.abs(ms) > clockToleranceMs ? [`${nameOf(record)} by ${offBy(ms)}`] : [];
  });
  const todo = 'Let NTP set it: schedules and logins go by it (tasks go by the database’s clock)';
  if (off.length > 0) return [wrong('clocks', `the clock is wrong of ${off.join(', ')}`, todo)];
  const here = -clock.offsetMs;
  if (Math.abs(here) > clockToleranceMs) return [note('clocks', `this machine is off by ${offBy(here)}`)];
  return [fine('clocks', `${count(living.length, 'process', 'processes')} and the database agree`)];
}

const offBy = (ms: number) => `${duration(Math.abs(ms))} ${ms > 0 ? 'ahead' : 'behind'}`;
const nameOf = ({ role, host, pid }: ProcessRecord) => `${role} ${host}:${pid}`;

/** Whether both roles live, and somebody takes each type. */
export async function checkRoles({ core, registry }: OpenQueue): Promise<Finding[]> {
  const living = await registry.list();
  const runsTasks = living.filter(({ role }) => role !== 'web');
  const findings: Finding[] = [];
  if (runsTasks.length === 0)
    findings.push(
      wrong('roles', 'no jobs role lives: tasks wait, and no schedule runs', 'Start one, and read its last log lines'),
    );
  if (!living.some(({ role }) => role !== 'jobs')) findings.push(note('roles', 'no web role lives'));
  for (const record of living.filter(({ state }) => state !== 'ready'))
    findings.push(note('roles', `${nameOf(record)} is ${record.state}`));
  const untaken = untakenTypes(living, Object.keys(core.catalog));
  if (runsTasks.length > 0 && untaken.length > 0)
    findings.push(
      wrong(
        'roles',
        `no living role takes ${untaken.join(', ')}`,
        'See workers.enabled and workers.taskTypes in the settings of the jobs roles, and whether their /healthz is 200',
      ),
    );
  const [all, jobs] = [living.length, runsTasks.length];
  return findings.length > 0
    ? findings
    : [fine('roles', `${count(all, 'process', 'processes')} live, ${jobs} of them run tasks`)];
}

/** Whether all processes run the same version. */
export async function checkVersions({ registry }: OpenQueue): Promise<Finding[]> {
  const living = await registry.list();
  const versions = new Map<string, string[]>();
  for (const record of living) {
    const version = `${record.version} ${record.commit.slice(0, 12)}`;
    versions.set(version, [...(versions.get(version) ?? []), nameOf(record)]);
  }
  if (versions.size <= 1) return [fine('versions', [...versions.keys()][0] ?? 'no process lives')];
  const text = [...versions].map(([version, names]) => `${version}: ${names.join(', ')}`).join('; ');
  return [note('versions', text, 'During a deploy that is so. Otherwise finish it: deploy the jobs roles first')];
}

/** Whether the settings files of the roles agree in what must be the same. */
export async function checkSettings({ settings }: OpenQueue): Promise<Finding[]> {
  if (!settings)
    return [note('settings', 'not looked at', 'Give the settings of the jobs role: --settings settings-jobs.json')];
  const environment = /^settings-(?:web|jobs[a-z0-9-]*)\.([\w-]+)\.json$/.exec(basename(settings.file))?.[1];
  const files = await Promise.all((await rolesOf(root, environment)).map(readFile));
  const problems = [...files.flatMap(file => file.problems), ...problemsBetween(files)];
  if (problems.length === 0)
    return [fine('settings', `${files.map(({ role }) => role.settingsFile).join(', ')} agree`)];
  return problems.map(text => wrong('settings', text, 'Mend the files, and restart or deploy both roles'));
}

async function readFile(role: RoleFile['role']): Promise<RoleFile> {
  try {
    const settings: Settings = load(await readSettings(`${root}/${role.settingsFile}`), {
      production: false,
      app: appSettingsTree(),
    });
    return { role, settings, problems: [] };
  } catch (error) {
    return { role, problems: [(error as Error).message] };
  }
}

/** What kind of database it is. */
export async function checkDatabase({ core: { db } }: OpenQueue): Promise<Finding[]> {
  const { version } = await db.command({ buildInfo: 1 });
  if (await hasChangeStreams(db)) return [fine('database', `MongoDB ${version}, ${db.databaseName}`)];
  const todo =
    'Make it a replica set, of one member even: without, roles look every queue.refreshRate instead of being told';
  return [note('database', `MongoDB ${version} is no replica set`, todo)];
}
