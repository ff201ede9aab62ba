import ts from 'typescript';
import type { Covered, Side } from './covered-members';
import { forbidden } from './forbidden-on-meteor';
import { type Binding, bindingsOf, isHostModule, specifierOf, usesIn } from './meteor-uses';

/** Something in a file that would not work, on the Node host or on Meteor. */
export interface Finding {
  node: ts.Node;
  text: string;
}

/**
 * Looks for what the host lacks and for what crashes on Meteor without a word.
 *
 * Syntactic: it sees `Meteor.user`, `Meteor['user']` and `const { user } = Meteor`, not what goes through other names.
 */
export function checkAppCode(file: ts.SourceFile, side: Side, covered: Record<Side, Covered>): Finding[] {
  const findings: Finding[] = [];
  const bindings = bindingsOf(file);
  const visit = (node: ts.Node): void => {
    if (isTypeOnly(node)) return;
    const text =
      forbidden(node, file.fileName) ?? unknownModule(node, side, covered) ?? uncovered(node, side, covered, bindings);
    if (text) findings.push({ node, text });
    ts.forEachChild(node, visit);
  };
  visit(file);
  return findings;
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) return true;
  return ts.isImportDeclaration(node) && Boolean(node.importClause?.isTypeOnly);
}

function unknownModule(node: ts.Node, side: Side, covered: Record<Side, Covered>): string | undefined {
  const specifier = specifierOf(node);
  if (!specifier || !isHostModule(specifier)) return undefined;
  const name = specifier.slice('meteor/'.length);
  return covered[side].has(name) ? undefined : moduleNotCovered(name, side, covered);
}

function uncovered(
  node: ts.Node,
  side: Side,
  covered: Record<Side, Covered>,
  bindings: Map<string, Binding>,
): string | undefined {
  for (const { module, path } of usesIn(node, bindings)) {
    const lacking = lackingPart(covered[guardedSide(node) ?? side].get(module), path);
    if (lacking) return notCovered(lacking, module, side, covered);
  }
  return undefined;
}

/** Code under `if (Meteor.isServer)` is judged as the server's, wherever it is bundled. */
function guardedSide(node: ts.Node): Side | undefined {
  for (let child = node; child.parent; child = child.parent) {
    const condition = conditionFor(child);
    const guard = condition && /^(?:\w+\.)?(isServer|isClient)$/.exec(condition.getText());
    if (guard) return guard[1] === 'isServer' ? 'server' : 'browser';
  }
  return undefined;
}

/** What must be true for `node` to run. */
function conditionFor(node: ts.Node): ts.Expression | undefined {
  const { parent } = node;
  if (ts.isIfStatement(parent) && parent.thenStatement === node) return parent.expression;
  if (ts.isConditionalExpression(parent) && parent.whenTrue === node) return parent.condition;
  const isAnd = ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken;
  return isAnd && parent.right === node ? parent.left : undefined;
}

/** @returns the name of what a module lacks; a module that is lacking as a whole is found when it is resolved */
function lackingPart(exports: Map<string, Set<string> | undefined> | undefined, path: string[]): string | undefined {
  const [name, member] = path;
  if (!exports || name === undefined) return undefined;
  if (!exports.has(name)) return name;
  const members = exports.get(name);
  return member !== undefined && members && !members.has(member) ? `${name}.${member}` : undefined;
}

/** What is said of `meteor/<name>` where the host has no such module. */
export function moduleNotCovered(name: string, side: Side, covered: Record<Side, Covered>): string {
  const hint = covered[otherThan(side)].has(name)
    ? `it is there ${where[otherThan(side)]} only`
    : `${where[side]} there are ${[...covered[side].keys()].sort().join(', ')}`;
  return `meteor/${name} ${isNotPart}: ${hint}`;
}

function notCovered(name: string, module: string, side: Side, covered: Record<Side, Covered>): string {
  return `${name} of meteor/${module} ${isNotPart}: ${hintFor(name, module, side, covered)}`;
}

function hintFor(name: string, module: string, side: Side, covered: Record<Side, Covered>): string {
  const path = name.split('.');
  if (lackingPart(covered[otherThan(side)].get(module) ?? new Map(), path) === undefined) {
    return `it is there ${where[otherThan(side)]} only`;
  }
  if (/^Meteor\.(user|log(in|out|ging))/.test(name)) return 'it comes with the package accounts-base';
  const exports = covered[side].get(module);
  const [exported] = path;
  const there = [...((path.length > 1 && exports?.get(exported!)) || exports?.keys() || [])];
  const names = there.filter(key => !key.startsWith('_')).sort();
  return `${where[side]} there are ${names.join(', ')}`;
}

const isNotPart = 'is not part of the Node host (see infra/node-host/README.md)';
const where: Record<Side, string> = { browser: 'in the browser', server: 'on the server' };

function otherThan(side: Side): Side {
  return side === 'browser' ? 'server' : 'browser';
}
