import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { ownerCollectionName } from '../../../infra/queue/lease/owners';
import { taskStates } from '../../../infra/queue/model/task';
import { logCollectionName } from '../../../infra/queue/store/attempt-logs';
import { controlCollectionName } from '../../../infra/queue/store/control';
import { errorCollectionName } from '../../../infra/queue/store/error-groups';
import { indexes } from '../../../infra/queue/store/indexes';
import { taskCollectionName } from '../../../infra/queue/store/mongo-store';
import { statisticsCollectionName } from '../../../infra/queue/store/statistics';
import { counterCollectionName } from '../../../infra/queue/store/task-counters';
import { schedulesCollectionName } from '../../../infra/schedules/schedule-store';
import { root } from '../../support/run';

const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');

/** The part of the page under this heading. */
function section(heading: string): string {
  const [, after = ''] = page.split(`\n${heading}\n`);
  return after.split(/\n#+ /)[0]!;
}

const missing = (names: readonly string[], text: string, asCode = true) =>
  names.filter(name => !text.includes(asCode ? `\`${name}\`` : name));

function fieldsOfATask(): string[] {
  const file = 'infra/queue/model/task.ts';
  const source = ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest, true);
  const task = source.statements.find(node => ts.isInterfaceDeclaration(node) && node.name.text === 'Task');
  return (task as ts.InterfaceDeclaration).members.map(member => member.name!.getText(source));
}

describe('docs/architecture.md', () => {
  test('has every state of a task', () => {
    expect(missing(taskStates, section('## The states of a task'), false)).toEqual([]);
  });

  test('has every field of a task', () => {
    const fields = fieldsOfATask();
    expect(fields).toEqual(expect.arrayContaining(['_id', 'leaseUntil']));
    expect(missing(fields, section('### The fields of a task'))).toEqual([]);
  });

  test('has every index of the queue', () => {
    expect(
      missing(
        indexes.map(({ name }) => name!),
        section('### The indexes of `taskQueue`'),
      ),
    ).toEqual([]);
  });

  test('has every collection of queue and schedules', () => {
    const names = [
      ...[taskCollectionName, controlCollectionName, counterCollectionName, errorCollectionName, ownerCollectionName],
      ...[schedulesCollectionName, statisticsCollectionName, logCollectionName],
    ];
    expect(missing(names, section('## The collections'))).toEqual([]);
  });

  test('has every room of the machinery', () => {
    const rooms = readdirSync(join(root, 'infra'), { withFileTypes: true }).filter(entry => entry.isDirectory());
    expect(
      missing(
        rooms.map(({ name }) => `infra/${name}`),
        section('## The rooms'),
      ),
    ).toEqual([]);
  });

  test('is found to lack what it lacks', () => {
    expect(missing(['running', 'dreaming'], section('## The states of a task'), false)).toEqual(['dreaming']);
  });
});
