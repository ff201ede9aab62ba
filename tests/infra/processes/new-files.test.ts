import { writeNew } from '../../../infra/dev/new/write-new';
import { Copy } from '../../support/copy';

jest.setTimeout(180_000);

let copy: Copy;
beforeAll(() => {
  copy = new Copy();
});
afterAll(() => copy.remove());

const right = { code: 0 };
/** Whether a line of the linter's output names a file that was written or changed. */
const isAboutWritten = (line: string) =>
  /^(::error.*file=)?(imports\/|tests\/\w+\/[\w-]*(thumbnail|invoices|shopping))/.test(line);

describe('npm run new:…', () => {
  test('task writes a handler, its entries and its test', async () => {
    const { code, output } = await copy.npm('run', 'new:task', 'thumbnail');
    expect({ code, output }).toMatchObject(right);
    expect(output).toContain('new      imports/tasks/handlers/thumbnail.ts');
    expect(output).toContain('changed  imports/tasks/catalog.ts');
    expect(output).toContain('Next:\n  1. imports/tasks/catalog.ts');
    expect(copy.read('imports/tasks/handlers/index.ts')).toContain("thumbnail: () => import('./thumbnail')");
  });

  test('schedule writes an entry of the cron table and the task that it adds', async () => {
    expect(await copy.npm('run', 'new:schedule', 'send-invoices')).toMatchObject(right);
    expect(copy.read('imports/schedules.ts')).toContain("job: addsTask({ taskType: 'sendInvoices', data: {} })");
  });

  test('api writes a collection with methods and a publication', async () => {
    expect(await copy.npm('run', 'new:api', 'shopping-notes')).toMatchObject(right);
    expect(copy.read('imports/api/shopping-notes/collection.ts')).toContain(
      "export const ShoppingNotes = new Mongo.Collection<ShoppingNote>('shoppingNotes');",
    );
  });

  test('leaves sources that the linter takes', async () => {
    const lint = await copy.run('node_modules/.bin/biome', ['check', '--reporter=github', 'imports', 'tests/app']);
    expect(lint.output.split('\n').filter(isAboutWritten)).toEqual([]);
  });

  test('writes nothing where the name is missing, and shows how it is meant', async () => {
    const { code, output } = await copy.npm('run', 'new:task');
    expect({ code, output }).toEqual({
      code: 1,
      output: expect.stringContaining('Try: npm run new:task send-invoice'),
    });
  });

  test.each([
    ['task', 'thumbnail', 'imports/tasks/handlers/thumbnail.ts: is there already; choose another name'],
    ['schedule', 'send invoices', 'imports/schedules.ts: has that name already; choose another one'],
    ['api', 'processes', 'the collection "processes" is there already'],
    ['api', 'dates', 'name: Date is the name of something else in the code; choose another one'],
    ['api', 'users', 'the collection "users" is there already'],
    ['api', 'roles', 'the collection "roles" is there already'],
    ['api', 'administrator-links', 'the collection "administratorLinks" is there already'],
    ['api', 'console-counts', 'the collection "consoleCounts" is there already'],
    ['api', 'undefined', 'name: undefined is the name of something else in the code; choose another one'],
    ['api', 'live', 'imports/api/live.ts: is there already; choose another name'],
    ['api', 'settings', 'imports/app.ts: has that name already; choose another one'],
    ['api', 'app', 'imports/app.ts: has that name already; choose another one'],
    ['api', 'burn', 'imports/app.ts: has that name already; choose another one'],
    ['api', 'Shopping Notes', 'imports/api/shopping-notes/schema.ts: is there already; choose another name'],
    ['page', 'home', 'kind: "page" is not one of task, schedule, api'],
  ])('refuses a %s named %p, and touches nothing', (kind, name, reason) => {
    const before = copy.contents();
    expect(() => writeNew(copy.folder, kind, [name])).toThrow(reason);
    expect(copy.contents()).toEqual(before);
  });

  test.each([
    ...[
      'case',
      'class',
      'package',
      'return',
      'import',
      'export',
      'interface',
      'switch',
      'await',
      'enum',
      'let',
      'eval',
    ],
    ...['exports', 'module', 'require'],
  ])('refuses an api named %p, which no constant of a module can have as its name', name => {
    const before = copy.contents();
    const reason = `name: "${name}" means something else in JavaScript, and can't name a constant; choose another one`;
    expect(() => writeNew(copy.folder, 'api', [name])).toThrow(reason);
    expect(copy.contents()).toEqual(before);
  });

  test('takes a name for an api that is only a word in imports/app.ts', () => {
    copy.write('imports/app.ts', `// In any order.\n${copy.read('imports/app.ts')}`);
    writeNew(copy.folder, 'api', ['order']);
    expect(copy.read('imports/app.ts')).toContain("import { order } from './api/order';");
  });

  test('takes such a name for a task: it is only the name of a field there', async () => {
    expect(await copy.npm('run', 'new:task', 'export')).toMatchObject(right);
    expect(copy.read('imports/tasks/handlers/index.ts')).toContain("  export: () => import('./export'),");
  });

  test('refuses an api with the name of any collection of the machinery', () => {
    const [, after = ''] = copy.read('docs/architecture.md').split('\n## The collections\n');
    const collections = [...after.split('\n#')[0]!.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!);
    expect(collections).toEqual(expect.arrayContaining(['taskQueue', 'operatorActions']));
    for (const name of collections)
      expect(() => writeNew(copy.folder, 'api', [name])).toThrow(`the collection "${name}" is there already`);
  });

  test('refuses the name of a task that somebody has declared', () => {
    const [, declared] = /^ {2}(\w+): \{$/m.exec(copy.read('imports/tasks/catalog.ts'))!;
    const reason = 'imports/tasks/catalog.ts: has that name already; choose another one';
    expect(() => writeNew(copy.folder, 'task', [declared!])).toThrow(reason);
  });

  test('says what to put in by hand where a file has lost the line to put it at', () => {
    const file = 'imports/tasks/handlers/index.ts';
    copy.write(file, copy.read(file).replace('} satisfies Handlers', '} as const satisfies Handlers'));
    const before = copy.contents();
    const write = () => writeNew(copy.folder, 'task', ['another']);
    expect(write).toThrow(`${file}: has no line like`);
    expect(write).toThrow("another: () => import('./another'),");
    expect(copy.contents()).toEqual(before);
  });
});
