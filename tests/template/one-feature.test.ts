import { createHash } from 'node:crypto';
import { join, relative } from 'node:path';
import ts from 'typescript';
import { Edits } from '../../infra/dev/edits';
import { addAccounts } from '../../infra/dev/init/accounts';
import { features, stripFeature, stripSample } from '../../infra/dev/init/bare';
import { root } from '../support/run';

jest.setTimeout(400_000);

const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
const include = ['client', 'server', 'imports', 'tests/app', 'infra/**/*.d.ts', 'packages/**/*.d.ts'];
const project = ts.parseJsonConfigFileContent({ ...config, include }, ts.sys, root);
const options = { ...project.options, incremental: true, tsBuildInfoFile: undefined };

type Program = ts.SemanticDiagnosticsBuilderProgram;

/** What the compiler has against the app's own files after these edits. What `before` has compiled is not compiled again. */
function compile(edits: Edits, before?: Program): { program: Program; problems: string[] } {
  const textOf = (path: string) =>
    path.includes('/node_modules/') ? ts.sys.readFile(path) : edits.text(relative(root, path)) || undefined;
  const host = ts.createCompilerHost(options);
  host.readFile = textOf;
  host.fileExists = path => textOf(path) !== undefined;
  host.getSourceFile = (path, language) => {
    const old = path.includes('/node_modules/') && before?.getProgram().getSourceFile(path);
    if (old) return old;
    const text = textOf(path);
    if (text === undefined) return undefined;
    const version = createHash('sha256').update(text).digest('hex');
    return Object.assign(ts.createSourceFile(path, text, language), { version });
  };
  const files = project.fileNames.filter(path => textOf(path) !== undefined);
  const program = ts.createSemanticDiagnosticsBuilderProgram(files, options, host, before);
  const own = files.filter(path => !path.endsWith('.d.ts')).map(path => program.getSourceFile(path));
  const problems = own
    .flatMap(file => program.getSemanticDiagnostics(file))
    .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
  return { program, problems };
}

/** This checkout as it is, compiled once. */
const whole = compile(new Edits(root));

test('the sample compiles as it is', () => expect(whole.problems).toEqual([]));

test.each(Object.entries(features))(
  '%s can be deleted alone: its folders, and its line in each file that lists such parts',
  (_, feature) => {
    const edits = new Edits(root);
    // It shows several of them together, so it goes with the first.
    edits.remove('tests/app/notifications-of-all.test.ts');
    stripFeature(edits, feature);
    edits.check();
    expect(compile(edits, whole.program).problems).toEqual([]);
  },
);

test.each(['the sample', 'an app without the sample'])('%s compiles with accounts in place of visitors', kind => {
  const edits = new Edits(root);
  addAccounts(edits, root);
  if (kind !== 'the sample') stripSample(edits);
  edits.check();
  expect(compile(edits, whole.program).problems).toEqual([]);
});
