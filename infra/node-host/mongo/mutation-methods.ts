import { ddpServer } from '../ddp/ddp-server';
import { MeteorError } from '../shared/meteor-error';
import { isId } from './selector';

/** Whether `deny` was called on a collection: then the refusal says so. */
export interface Restriction {
  restricted: boolean;
}

const methods = ['insertAsync', 'updateAsync', 'removeAsync', 'insert', 'update', 'remove'];

/** The methods by which Meteor's browsers write to a collection directly. Nobody may: each call is refused. */
export function defineMutationMethods(collectionName: string, restriction: Restriction): void {
  const handlers = methods.map(method => [
    `/${collectionName}/${method}`,
    (selector: unknown) => {
      throw refusal(method, selector, restriction);
    },
  ]);
  ddpServer.methods(Object.fromEntries(handlers));
}

function refusal(method: string, selector: unknown, { restricted }: Restriction): Error {
  if (method.startsWith('insert') && (selector === undefined || selector === null))
    return new TypeError(`${method} without a document`);
  if (!method.startsWith('insert') && !isSingleId(selector))
    return new MeteorError(403, `Not permitted. Untrusted code may only ${method} documents by ID.`);
  if (!restricted) return new MeteorError(403, 'Access denied');
  return new MeteorError(
    403,
    `Access denied. No allow validators set on restricted collection for method '${method}'.`,
  );
}

function isSingleId(selector: unknown): boolean {
  if (isId(selector) || typeof selector === 'number') return true;
  const fields = Object.entries((selector ?? {}) as Record<string, unknown>);
  return fields.length === 1 && fields[0]![0] === '_id' && (isId(fields[0]![1]) || typeof fields[0]![1] === 'number');
}
