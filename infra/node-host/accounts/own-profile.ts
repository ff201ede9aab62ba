import type { Document } from 'mongodb';
import type { Collection } from '../mongo/collection';
import { check } from '../shared/check';
import { MeteorError } from '../shared/meteor-error';
import type { MethodInvocation } from '../shared/method-invocation';

const operators = ['$inc', '$set', '$unset', '$addToSet', '$pop', '$pullAll', '$pull', '$pushAll', '$push', '$bit'];

const denied = (why = '') => new MeteorError(403, `Access denied${why}`);

/** What a browser may write to the users by itself: the `profile` of its own user, and nothing else. */
export async function updateOwnProfile(
  this: Collection,
  { userId }: Pick<MethodInvocation, 'userId'>,
  selector: unknown,
  modifier: Document,
  options: { upsert?: unknown } | null = {},
): Promise<number> {
  check(modifier, Object);
  if (options?.upsert) throw denied('. Upserts not allowed in a restricted collection.');
  const fields = fieldsChangedBy(modifier);
  const document = (await this.findOneAsync(selector, { fields: { _id: 1 } })) as { _id: string } | undefined;
  if (!document) return 0;
  if (document._id !== userId || fields.length !== 1 || fields[0] !== 'profile') throw denied();
  return this.updateAsync(selector, modifier);
}

/** The top-level fields. @throws where whole documents are replaced, or by an operator that moves fields */
function fieldsChangedBy(modifier: Document): string[] {
  const names = Object.keys(modifier);
  if (names.length === 0 || names.some(name => !name.startsWith('$')))
    throw denied(
      ". In a restricted collection you can only update documents, not replace them. Use a Mongo update operator, such as '$set'.",
    );
  const unknown = names.find(name => !operators.includes(name));
  if (unknown) throw denied(`. Operator ${unknown} not allowed in a restricted collection.`);
  const fields = names.flatMap(name => Object.keys(modifier[name] ?? {}));
  return [...new Set(fields.map(field => field.split('.')[0]!))];
}
