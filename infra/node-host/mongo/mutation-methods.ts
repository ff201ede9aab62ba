import type { Document } from 'mongodb';
import { ddpServer } from '../ddp/ddp-server';
import { MeteorError } from '../shared/meteor-error';
import type { MethodInvocation } from '../shared/method-invocation';
import { isId } from './selector';

/** Carries out an update that a browser asks for. @throws when it is not allowed */
export type BrowserUpdate = (
  invocation: MethodInvocation,
  selector: unknown,
  modifier: Document,
  options?: Document | null,
) => Promise<number>;

/** Which direct writes of browsers a collection accepts. */
export interface Restriction {
  /** Whether `deny` was called: then the refusal says so. */
  restricted: boolean;
  /** Without it, all updates are refused. */
  update?: BrowserUpdate;
}

const methods = ['insertAsync', 'updateAsync', 'removeAsync', 'insert', 'update', 'remove'];

/** The methods by which Meteor's browsers write to a collection directly. Only `restriction.update` accepts any. */
export function defineMutationMethods(collectionName: string, restriction: Restriction): void {
  const handlers = methods.map(method => [
    `/${collectionName}/${method}`,
    function (this: MethodInvocation, selector: unknown, modifier: Document, options?: Document | null) {
      refuseUnclear(method, selector);
      if (method.startsWith('update') && restriction.update)
        return restriction.update(this, selector, modifier, options);
      throw refusal(method, restriction);
    },
  ]);
  ddpServer.methods(Object.fromEntries(handlers));
}

function refuseUnclear(method: string, selector: unknown): void {
  if (!method.startsWith('insert') && !isSingleId(selector))
    throw new MeteorError(403, `Not permitted. Untrusted code may only ${method} documents by ID.`);
  if (method.startsWith('insert') && (selector === undefined || selector === null))
    throw new TypeError(`${method} without a document`);
}

function refusal(method: string, { restricted }: Restriction): Error {
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
