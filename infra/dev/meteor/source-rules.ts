import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** A rule about one source file: gives its problems, one line each. */
export interface SourceRule {
  name: string;
  /** Which files the rule is for, by path from the root of the repository. */
  about: (path: string) => boolean;
  problems: (source: ts.SourceFile) => string[];
}

/** The files that Meteor compiles: not the machinery of the Node host. */
export const isBundledByMeteor = (path: string) =>
  /^(client|server|imports|infra|packages)\//.test(path) &&
  !/^infra\/(node-host|dev)\//.test(path) &&
  !path.endsWith('.test.ts');

const isCode = (path: string) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts');

/** Files that act when they are imported; all others only export. */
const entries = [
  'client/main.tsx',
  'server/main.ts',
  'imports/tasks/worker.ts',
  // Meteor loads a package's main module for its effect: its export goes into Package.
];

export const sourceRules: SourceRule[] = [
  {
    name: 'only entry files act when they are imported',
    about: path => isBundledByMeteor(path) && isCode(path) && !entries.includes(path),
    problems: source => source.statements.filter(acts).map(statement => `acts: ${firstLine(statement, source)}`),
  },
  {
    name: 'no import names a file with its extension (Meteor crashes at boot)',
    about: path => isBundledByMeteor(path) && isCode(path),
    problems: source => specifiersOf(source).filter(name => /^\.{1,2}\/.*\.(js|jsx|ts|tsx|mjs|cjs)$/.test(name)),
  },
  {
    name: 'no import.meta (Meteor crashes at boot)',
    about: path => isBundledByMeteor(path) && isCode(path),
    problems: source => all(source, ts.isMetaProperty).map(node => node.getText(source)),
  },
  {
    name: "no import goes through a package's exports map (Meteor does not read it)",
    about: path => isBundledByMeteor(path) && isCode(path),
    problems: source => specifiersOf(source).filter(goesThroughExports),
  },
  {
    name: 'a file with JSX imports React (Meteor compiles JSX the classic way)',
    about: path => isBundledByMeteor(path) && path.endsWith('.tsx'),
    problems: source => (hasJsx(source) && !importsReact(source) ? ['JSX without import React'] : []),
  },
  {
    name: 'the browser imports nothing dynamically (Meteor runs it through eval, which the policy forbids)',
    about: path => /^(client|imports\/ui|infra\/console\/pages)\//.test(path) && isCode(path),
    problems: source =>
      all(source, ts.isCallExpression)
        .filter(({ expression }) => expression.kind === ts.SyntaxKind.ImportKeyword)
        .map(call => call.getText(source)),
  },
  {
    name: 'a live cursor over the queue has a limit (Meteor 3.5 gives one without it every write of the collection)',
    about: path => isBundledByMeteor(path) && isCode(path),
    problems: source =>
      all(source, ts.isCallExpression)
        .filter(call => isFindInQueue(call) && !isReadOnce(call) && !isLimited(call))
        .map(call => firstLine(call, source)),
  },
  {
    name: 'methods are defined by defineMethods (a result that cannot be written ends a Meteor process)',
    about: path => isBundledByMeteor(path) && isCode(path) && path !== 'infra/link/define-methods.ts',
    problems: source =>
      all(source, ts.isCallExpression)
        .map(({ expression }) => expression.getText(source))
        .filter(called => called === 'Meteor.methods'),
  },
  {
    name: 'no folder named client or server below the top level (Meteor drops it from the other side)',
    about: isBundledByMeteor,
    problems: ({ fileName }) => (/.\/(client|server)\//.test(fileName) ? [fileName] : []),
  },
  {
    name: 'no file or folder named utils, helpers, common, misc or types',
    // The machinery's style, and no need of Meteor's: an app names its files as it likes.
    about: path => /^(infra|packages|bench|tests\/(infra|support))\//.test(path),
    problems: ({ fileName }) => (/(^|\/)(utils?|helpers?|common|misc|types)(\.|\/)/.test(fileName) ? [fileName] : []),
  },
];

/** All problems of one file, each with its rule. */
export function problemsOf(path: string, text: string): { rule: string; problem: string }[] {
  const kind = path.endsWith('.tsx') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true, kind);
  return sourceRules
    .filter(rule => rule.about(path))
    .flatMap(rule => rule.problems(source).map(problem => ({ rule: rule.name, problem: `${path}: ${problem}` })));
}

/** Declarations and exports don't act; a bare call, assignment, loop or await at the top does. */
function acts(statement: ts.Statement): boolean {
  if (ts.isImportDeclaration(statement)) return statement.importClause === undefined && !isStyle(statement);
  return (
    ts.isExpressionStatement(statement) ||
    ts.isIfStatement(statement) ||
    ts.isIterationStatement(statement, false) ||
    ts.isTryStatement(statement) ||
    ts.isBlock(statement) ||
    (ts.isVariableStatement(statement) && all(statement, ts.isAwaitExpression).some(isAtTop))
  );
}

const isStyle = ({ moduleSpecifier }: ts.ImportDeclaration) => /\.css['"]$/.test(moduleSpecifier.getText());

function isAtTop(node: ts.Node): boolean {
  for (let above = node.parent; above && !ts.isSourceFile(above); above = above.parent) {
    if (ts.isFunctionLike(above)) return false;
  }
  return true;
}

const firstLine = (node: ts.Node, source: ts.SourceFile) => node.getText(source).split('\n')[0] ?? '';

function all<T extends ts.Node>(root: ts.Node, is: (node: ts.Node) => node is T): T[] {
  const found: T[] = [];
  const visit = (node: ts.Node): void => {
    if (is(node)) found.push(node);
    ts.forEachChild(node, visit);
  };
  visit(root);
  return found;
}

const hasJsx = (source: ts.SourceFile) =>
  all(
    source,
    (node): node is ts.Node => ts.isJsxElement(node) || ts.isJsxSelfClosingElement(node) || ts.isJsxFragment(node),
  ).length > 0;

const importsReact = (source: ts.SourceFile) =>
  source.statements.some(
    statement =>
      ts.isImportDeclaration(statement) &&
      statement.importClause?.name?.text === 'React' &&
      statement.importClause.phaseModifier !== ts.SyntaxKind.TypeKeyword,
  );

const isFindInQueue = ({ expression }: ts.CallExpression) =>
  ts.isPropertyAccessExpression(expression) &&
  expression.name.text === 'find' &&
  expression.expression.getText() === 'QueuedTasks';

/** The rule is only for cursors that are published or observed. */
const isReadOnce = ({ parent }: ts.CallExpression) =>
  ts.isPropertyAccessExpression(parent) && /^(count|fetch|forEach|map)Async$/.test(parent.name.text);

const isLimited = ({ arguments: [, options] }: ts.CallExpression) =>
  options !== undefined &&
  ts.isObjectLiteralExpression(options) &&
  options.properties.some(({ name }) => name?.getText() === 'limit');

/** Every module name of a static import, re-export, import() or require(), type-only ones aside. */
function specifiersOf(source: ts.SourceFile): string[] {
  const declared = source.statements.flatMap(statement => {
    if (ts.isImportDeclaration(statement) && !isTypeOnly(statement)) return [statement.moduleSpecifier];
    if (ts.isExportDeclaration(statement) && !statement.isTypeOnly) return [statement.moduleSpecifier];
    return [];
  });
  const called = all(source, ts.isCallExpression)
    .filter(
      ({ expression }) => expression.kind === ts.SyntaxKind.ImportKeyword || expression.getText(source) === 'require',
    )
    .map(call => call.arguments[0]);
  return [...declared, ...called].flatMap(name => (name && ts.isStringLiteral(name) ? [name.text] : []));
}

const isTypeOnly = ({ importClause }: ts.ImportDeclaration) =>
  importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;

function goesThroughExports(name: string): boolean {
  if (/^(\.|\/|node:|meteor\/)/.test(name)) return name.startsWith('#');
  const parts = name.split('/');
  const root = name.startsWith('@') ? 2 : 1;
  if (parts.length <= root) return name.startsWith('#');
  const file = join('node_modules', name);
  const candidates = [file, `${file}.js`, `${file}.json`, join(file, 'index.js'), join(file, 'package.json')];
  return !candidates.some(candidate => existsSync(candidate) && statSync(candidate).isFile());
}
