import { didYouMean, nearestName } from '../catalog/nearest';
import { show } from '../errors/plain-error';
import type { Setting, Tree } from './setting';
import { dotted, type Entry, entriesOf } from './simpl-schema';

/** simpl-schema's problem with one field. */
export interface FieldProblem {
  name: string;
  type: string;
  value: unknown;
  min?: unknown;
  max?: unknown;
  dataType?: string;
}

/** One line: the field, its value (a secret's never), what is wrong, and where one is near, the right name. */
export function describeProblem(error: FieldProblem, tree: Tree): string {
  const path = dotted(error.name);
  if (error.type === 'keyNotInSchema') return `${path}: unknown setting${suggestion(path, tree)}`;
  if (error.type === 'required') return `${path}: missing`;
  return `${path}: ${printable(path, error.value, tree)} ${complaint(error, entryOf(path, tree))}`;
}

/** The value as a message may show it: never where a secret belongs, and never what replaces a group of secrets. */
export function printable(path: string, value: unknown, tree: Tree): string {
  if (entriesOf(tree).some(entry => entry.setting.secret && holds(path, entry.path))) return '(secret)';
  return show(value);
}

/** Whether the two are equal, or one is inside of the other. */
const holds = (path: string, other: string) => `${path}.`.startsWith(`${other}.`) || `${other}.`.startsWith(`${path}.`);

function entryOf(path: string, tree: Tree): Entry | undefined {
  const withoutIndex = path.replace(/\.\d+$/, '');
  return entriesOf(tree).find(entry => entry.path === path || entry.path === withoutIndex) ?? fieldOfRecord(path, tree);
}

/** `console.operators.0.role`: what is known of `role`. */
function fieldOfRecord(path: string, tree: Tree): Entry | undefined {
  const [, list, name = ''] = /^(.*)\.\d+\.(\w+)$/.exec(path) ?? [];
  const fields = entriesOf(tree).find(entry => entry.path === list)?.setting.fields;
  return fields && Object.hasOwn(fields, name) ? { path, setting: fields[name] as Setting<unknown> } : undefined;
}

function complaint(error: FieldProblem, entry: Entry | undefined): string {
  const { unit: unitName, wanted } = entry?.setting ?? {};
  if (wanted && error.type !== 'notAllowed') return `is not ${wanted}`;
  const unit = unitName ? ` ${unitName}` : '';
  switch (error.type) {
    case 'expectedType':
      return `is not ${typeNames[String(error.dataType)] ?? error.dataType}`;
    case 'minNumber':
      // simpl-schema reports a fraction beyond the limit under the limit: both are true, the limit says more.
      return `is below ${error.min}${unit}`;
    case 'maxNumber':
      return `is above ${error.max}${unit}`;
    case 'noDecimal':
      return 'is not a whole number';
    case 'maxString':
      return `is longer than ${error.max} characters`;
    case 'minString':
      return `is shorter than ${error.min} characters`;
    case 'notAllowed':
      return notAllowed(String(error.value), entry);
    default:
      return `is not valid (${error.type})`;
  }
}

const typeNames: Record<string, string> = {
  Boolean: 'true or false',
  Integer: 'a whole number',
  Number: 'a number',
  String: 'a text',
  Object: 'an object',
  Array: 'a text or a list of texts',
};

function notAllowed(value: string, entry: Entry | undefined): string {
  const allowed = entry?.setting.rule.allowedValues ?? ['always'];
  return `is not one of ${allowed.join(', ')}${didYouMean(value, allowed)}`;
}

const lastName = (path: string) => path.slice(path.lastIndexOf('.') + 1);

/** The nearest sibling; a setting in the wrong group is found by its own name. */
function suggestion(path: string, tree: Tree): string {
  const record = /^(.*)\.\d+\.\w+$/.exec(path)?.[1];
  const fields = entriesOf(tree).find(entry => entry.path === record)?.setting.fields;
  if (fields) return didYouMean(lastName(path), Object.keys(fields)) || `; it takes ${Object.keys(fields).join(', ')}`;
  const groups = Object.keys(tree).filter(name => tree[name]?.kind === 'group');
  const known = [...entriesOf(tree).map(entry => entry.path), ...groups];
  const place = path.slice(0, path.length - lastName(path).length);
  const siblings = known.filter(name => name.startsWith(place) && !name.slice(place.length).includes('.'));
  const sibling = nearestName(lastName(path), siblings.map(lastName));
  if (sibling) return `, did you mean ${place}${sibling}?`;
  const namesake = nearestName(lastName(path), known.map(lastName));
  const elsewhere = known.find(name => lastName(name) === namesake);
  return elsewhere ? `, did you mean ${elsewhere}?` : '; docs/settings.md lists all of them';
}
