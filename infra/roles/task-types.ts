import { type AnyCatalog, didYouMean } from '../catalog';
import type { ProcessRecord } from '../monitor/processes';
import { type Settings, SettingsError } from '../settings';

type Workers = Pick<Settings['workers'], 'enabled' | 'taskTypes' | 'exceptTaskTypes'>;

/**
 * The task types that this role runs: all, unless its settings name some.
 *
 * @throws SettingsError for a name that the catalog does not have.
 */
export function taskTypesOf({ enabled, taskTypes, exceptTaskTypes }: Workers, catalog: AnyCatalog): string[] {
  const all = Object.keys(catalog);
  const problems = [...unknown('taskTypes', taskTypes, all), ...unknown('exceptTaskTypes', exceptTaskTypes, all)];
  if (problems.length > 0) throw new SettingsError(problems);
  if (!enabled) return [];
  if (taskTypes.length > 0) return all.filter(taskType => taskTypes.includes(taskType));
  return all.filter(taskType => !exceptTaskTypes.includes(taskType));
}

function unknown(setting: string, names: readonly string[], all: readonly string[]): string[] {
  return names
    .filter(name => !all.includes(name))
    .map(
      name => `workers.${setting}: ${JSON.stringify(name)}: the catalog has no such task type${didYouMean(name, all)}`,
    );
}

/** The task types that no living role takes: what is added of them waits. */
export function untakenTypes(living: readonly Pick<ProcessRecord, 'details'>[], catalog: AnyCatalog): string[] {
  const taken = new Set(living.flatMap(({ details }) => (details.taskTypes as string[] | undefined) ?? []));
  return Object.keys(catalog).filter(taskType => !taken.has(taskType));
}
