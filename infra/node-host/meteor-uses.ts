import ts from 'typescript';

/** A name that a file has imported from `meteor/<module>`; `exported` is undefined for `* as name`. */
export interface Binding {
  module: string;
  exported: string | undefined;
}

/** Modules of local Meteor packages are real files: the bundler itself knows what they have. */
export const isHostModule = (specifier: string) => /^meteor\/[^:]+$/.test(specifier);

/** What a file takes from a module, as `[export]` or `[export, member]`. */
export interface Use {
  module: string;
  path: string[];
}

/** The names that a file has imported from the host's modules. */
export function bindingsOf(file: ts.SourceFile): Map<string, Binding> {
  const bindings = new Map<string, Binding>();
  for (const statement of file.statements) {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) continue;
    const { text } = statement.moduleSpecifier;
    const clause = statement.importClause;
    if (!isHostModule(text) || !clause || clause.isTypeOnly) continue;
    const module = text.slice('meteor/'.length);
    if (clause.name) bindings.set(clause.name.text, { module, exported: 'default' });
    const named = clause.namedBindings;
    if (named && ts.isNamespaceImport(named)) bindings.set(named.name.text, { module, exported: undefined });
    if (!named || !ts.isNamedImports(named)) continue;
    for (const element of named.elements) {
      if (element.isTypeOnly) continue;
      bindings.set(element.name.text, { module, exported: (element.propertyName ?? element.name).text });
    }
  }
  return bindings;
}

/** What this one node takes from modules. */
export function usesIn(node: ts.Node, bindings: Map<string, Binding>): Use[] {
  if (ts.isExportDeclaration(node)) return reExports(node);
  const binding = ts.isIdentifier(node) && isRead(node) ? bindings.get(node.text) : undefined;
  if (!binding || isShadowed(node as ts.Identifier)) return [];
  const members = membersTaken(node);
  const paths = members.length > 0 ? members.map(member => [member]) : [[]];
  return paths.map(path => ({
    module: binding.module,
    path: binding.exported === undefined ? path : [binding.exported, ...path],
  }));
}

function reExports(node: ts.ExportDeclaration): Use[] {
  const specifier = specifierOf(node);
  const { exportClause } = node;
  if (!specifier || !isHostModule(specifier) || node.isTypeOnly) return [];
  if (!exportClause || !ts.isNamedExports(exportClause)) return [];
  return exportClause.elements
    .filter(element => !element.isTypeOnly)
    .map(element => ({
      module: specifier.slice('meteor/'.length),
      path: [(element.propertyName ?? element.name).text],
    }));
}

/** Not the name in an import, a property's name or a key: the value itself. */
function isRead(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isImportSpecifier(parent) || ts.isImportClause(parent) || ts.isNamespaceImport(parent)) return false;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  return !(ts.isMethodDeclaration(parent) || ts.isPropertyDeclaration(parent) || ts.isJsxAttribute(parent));
}

/** `Meteor.a`, `Meteor['a']`, `const { a, b } = Meteor`. */
function membersTaken(node: ts.Node): string[] {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return [parent.name.text];
  if (ts.isElementAccessExpression(parent) && ts.isStringLiteralLike(parent.argumentExpression)) {
    return [parent.argumentExpression.text];
  }
  if (!ts.isVariableDeclaration(parent) || !ts.isObjectBindingPattern(parent.name)) return [];
  return parent.name.elements
    .filter(element => !element.dotDotDotToken)
    .map(({ propertyName, name }) => propertyName ?? name)
    .flatMap(name => (ts.isIdentifier(name) || ts.isStringLiteral(name) ? [name.text] : []));
}

/** A parameter or variable of a function around it has the same name. */
function isShadowed(node: ts.Identifier): boolean {
  for (let scope: ts.Node = node.parent; scope && !ts.isSourceFile(scope); scope = scope.parent) {
    if (ts.isFunctionLike(scope) && scope.parameters.some(({ name }) => declares(name, node.text))) return true;
    const statements = ts.isBlock(scope) ? scope.statements : [];
    const variables = [...statements]
      .filter(ts.isVariableStatement)
      .flatMap(({ declarationList }) => [...declarationList.declarations]);
    if (variables.some(({ name }) => declares(name, node.text))) return true;
  }
  return false;
}

function declares(name: ts.BindingName, text: string): boolean {
  if (ts.isIdentifier(name)) return name.text === text;
  return name.elements.some(element => ts.isBindingElement(element) && declares(element.name, text));
}

/** What a statement or `import()` imports or passes on. */
export function specifierOf(node: ts.Node): string | undefined {
  const isStatic = ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const literal = isStatic ? node.moduleSpecifier : isDynamic ? node.arguments[0] : undefined;
  return literal && ts.isStringLiteralLike(literal) ? literal.text : undefined;
}
