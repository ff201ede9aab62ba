import { Copy } from '../support/copy';
import { readPages } from '../support/docs';
import { commandsOf } from '../support/docs-commands';
import { ProjectWithDocs } from '../support/docs-typescript';
import { appsOwnSources } from './bare-app';

jest.setTimeout(400_000);

let clone: Copy;
beforeAll(() => {
  clone = new Copy();
  clone.commit();
});
afterAll(() => clone.remove());

const page = (path: string) => readPages().find(one => one.path === path)!;

/** The commands of a page, in its order, that change the clone, and its tests. Others have tests of their own. */
function commandsIn(path: string): string[] {
  const commands = page(path)
    .blocks.filter(({ kind }) => kind === 'sh')
    .flatMap(commandsOf);
  return commands.filter(command => /^npm run (init -- my-app$|new:|build:worker$)|^npm test$/.test(command));
}

async function does(command: string): Promise<string> {
  const { code, output } = await clone.run('sh', ['-c', command]);
  if (code !== 0) throw new Error(`${command} ended with ${code}:\n${output}`);
  return output;
}

test('what README.md and docs/getting-started.md say, done literally in a fresh clone, ends with tests that pass', async () => {
  const commands = commandsIn('docs/getting-started.md');
  expect(commands).toEqual(
    expect.arrayContaining(['npm run init -- my-app', 'npm run new:task thumbnail', 'npm test']),
  );

  // On a fresh clone, the page says: so it comes first. What it prints as the first step follows.
  const [, commit] = /1\. (git add .*)/.exec(await does('npm run init -- my-app'))!;
  await does(`git config user.name Ada && git config user.email ada@example.com && ${commit}`);

  const fiveMinutes = page('README.md').blocks.filter(({ file }) => file);
  expect(fiveMinutes.map(({ file }) => file)).toHaveLength(3);
  for (const [path, text] of new ProjectWithDocs(fiveMinutes).texts) clone.write(path, text);

  for (const command of commands.filter(one => !/ init -- |^npm test$/.test(one))) await does(command);
  await does(`npx tsc --project ${appsOwnSources(clone)}`);
  const output = await does('npm test');
  expect(output).toMatch(/^Tests: +\d+ passed, \d+ total$/m);
});
