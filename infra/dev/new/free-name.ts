import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { runInNewContext, Script } from 'node:vm';

/** Names that the methods' files import: a collection of that name would hide them. */
const imported = ['Meteor', 'Mongo', 'Random', 'Methods', 'Method'];
/** Collections of the machinery and of accounts, by their names in Mongo and on the page. */
const taken = [
  'taskQueue',
  'taskControl',
  'taskCounters',
  'taskStatistics',
  'taskErrors',
  'taskLogs',
  'taskBatches',
  'bulkWork',
  'taskOwners',
  'taskSchedules',
  'processes',
  'deploys',
  'operatorSessions',
  'operatorActions',
  'cronHistory',
  'files',
  'consoleProcesses',
  'consoleCounts',
  'consoleFailures',
  'consoleRunning',
  'consoleWorkers',
  'consoleOperator',
  'consoleViews',
  'consoleRows',
  'jobsLive',
  'visitorTasks',
  'users',
  'roles',
  'administratorLinks',
];

/**
 * Refuses what can't name a part of the api.
 *
 * @param camel the name of the part, and of its collection in Mongo.
 * @param others the names of its collection and of its documents' type in the code.
 * @throws with the name and why.
 */
export function refuseTaken(camel: string, others: readonly string[], root: string): void {
  const javaScripts: string[] = runInNewContext('Object.getOwnPropertyNames(globalThis)');
  if (!canBeConstant(camel))
    throw new Error(
      `name: "${camel}" means something else in JavaScript, and can't name a constant; choose another one`,
    );
  const hidden = [camel, ...others].find(name => imported.includes(name) || javaScripts.includes(name));
  if (hidden) throw new Error(`name: ${hidden} is the name of something else in the code; choose another one`);
  if (taken.includes(camel) || documentsOf(root).includes(`'${camel}'`))
    throw new Error(`name: the collection "${camel}" is there already, for something else; choose another one`);
}

/** The part's constant has this name: `case` can't be one, nor can `exports`, which the module has already. */
function canBeConstant(name: string): boolean {
  try {
    new Script(`'use strict'; async (exports, module, require) => { const ${name} = 0; }`);
    return true;
  } catch {
    return false;
  }
}

/** The collections that handlers write; an app without the sample may have none. */
function documentsOf(root: string): string {
  const tasks = join(root, 'imports/tasks');
  const files = readdirSync(tasks, { recursive: true, encoding: 'utf8' }).filter(
    file => basename(file) === 'documents.ts',
  );
  return files.map(file => readFileSync(join(tasks, file), 'utf8')).join('\n');
}
