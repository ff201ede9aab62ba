import { join } from 'node:path';
import ts from 'typescript';
import { Edits } from '../../infra/dev/edits';
import { features, stripFeature } from '../../infra/dev/init/bare';
import { Copy } from '../support/copy';

jest.setTimeout(400_000);

/** Files of packages: parsed once. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/** What the compiler has against the app's own files, one line each. */
function problemsIn({ folder }: Copy): string[] {
  const { config } = ts.readConfigFile(join(folder, 'tsconfig.json'), ts.sys.readFile);
  const include = ['client', 'server', 'imports', 'tests/app', 'infra/**/*.d.ts', 'packages/**/*.d.ts'];
  const { options, fileNames } = ts.parseJsonConfigFileContent({ ...config, include }, ts.sys, folder);
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (path, ...rest) => {
    if (!path.includes('/node_modules/')) return getSourceFile(path, ...rest);
    if (!parsed.has(path)) parsed.set(path, getSourceFile(path, ...rest));
    return parsed.get(path);
  };
  const program = ts.createProgram(fileNames, { ...options, incremental: false, tsBuildInfoFile: undefined }, host);
  return fileNames
    .filter(path => !path.endsWith('.d.ts'))
    .flatMap(path => program.getSemanticDiagnostics(program.getSourceFile(path)))
    .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`);
}

test.each(Object.entries(features))(
  '%s can be deleted alone: its folders, and its line in each file that lists such parts',
  async (_, feature) => {
    const copy = new Copy();
    const edits = new Edits(copy.folder);
    // It shows several of them together, so it goes with the first.
    edits.remove('tests/app/notifications-of-all.test.ts');
    stripFeature(edits, feature);
    edits.apply();
    expect(problemsIn(copy)).toEqual([]);
    await copy.remove();
  },
);
