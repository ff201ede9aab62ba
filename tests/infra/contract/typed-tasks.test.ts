import { join } from 'node:path';
import ts from 'typescript';
import { root } from '../../support/run';

/** What the compiler says of calls of addTask with a catalog of three types. */
function messagesOf(calls: readonly string[]): string[] {
  const file = join(root, 'tests/infra/contract/typed-tasks.virtual.ts');
  const text = [
    "import { defineTasks } from '../../../infra/catalog';",
    "import { TaskQueueOf } from '../../../infra/queue/api/task-queue';",
    `const catalog = defineTasks({
      crop: { payload: { photoId: String, width: Number } },
      mail: { payload: { to: String, subject: String, body: String } },
      tidy: { payload: {} },
    });`,
    'declare const queue: TaskQueueOf<typeof catalog>;',
    ...calls,
  ].join('\n');
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile;
  host.getSourceFile = (name, version, ...rest) =>
    name === file ? ts.createSourceFile(name, text, version) : read.call(host, name, version, ...rest);
  const program = ts.createProgram([file], { ...options, incremental: false, tsBuildInfoFile: undefined }, host);
  const found = program.getSemanticDiagnostics(program.getSourceFile(file));
  return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
}

describe('the types of addTask', () => {
  test('take what the catalog says, and name one type only where a payload is wrong', () => {
    const messages = messagesOf([
      "void queue.addTask({ taskType: 'crop', data: { photoId: 'a', width: 3 } });",
      "void queue.addTask({ taskType: 'tidy' });",
      "void queue.addTasks([{ taskType: 'tidy' }, { taskType: 'mail', data: { to: '', subject: '', body: '' } }]);",
      "void queue.addTask({ taskType: 'crop', data: { photoId: 'a', width: 'wide' } });",
      "void queue.addTask({ taskType: 'crop', data: { photoId: 'a' } });",
      "void queue.addTask({ taskType: 'tidy', data: { photoId: 'a' } });",
      "void queue.addTask({ taskType: 'crpo', data: { photoId: 'a', width: 3 } });",
      "void queue.addTask({ taskType: 'tidy', priorty: 3 });",
    ]);
    expect(messages).toHaveLength(5);
    const [width, missing, none, type, option] = messages;
    expect(width).toBe("Type 'string' is not assignable to type 'number'.");
    expect(missing).toMatch(/^Property 'width' is missing/);
    expect(none).toMatch(/^Type 'string' is not assignable to type 'never'/);
    expect(type).toMatch(/"crpo".*"crop" \| "mail" \| "tidy"/);
    expect(option).toContain("'priorty' does not exist");
    for (const message of messages) expect(message).not.toMatch(/subject/);
  });
});

test('a rate that the app does not have does not compile', () => {
  const messages = messagesOf([
    "import type { HandlerContext } from '../../../infra/workers/handler';",
    "declare module '../../../infra/catalog/app-types' { interface AppTypes { rates: { stripe: object } } }",
    'declare const context: HandlerContext;',
    "void context.rate('stripe', 2);",
    "void context.rate('strpe');",
  ]);
  expect(messages).toEqual([expect.stringMatching(/"strpe".*"stripe"/)]);
});

test('the type of a result follows from what the handler returns', () => {
  const messages = messagesOf([
    "import type { HandlerIn } from '../../../infra/workers/handler';",
    "type Crop = HandlerIn<typeof catalog, 'crop', { width: number }>;",
    'type Results = { crop: Awaited<ReturnType<Crop>>; tidy: unknown };',
    'declare const typed: TaskQueueOf<typeof catalog, Results>;',
    "const width: Promise<number> = typed.result<'crop'>('id').then(result => result.width);",
    "const wrong: Promise<string> = typed.result<'crop'>('id').then(result => result.width);",
    "void typed.result<'crpo'>('id');",
    'void [width, wrong];',
  ]);
  expect(messages).toEqual([
    expect.stringContaining("Type 'number' is not assignable to type 'string'"),
    expect.stringContaining('"crpo"'),
  ]);
});
