import { Random } from './random';

const objectIdForm = /^[0-9a-f]{24}$/;

/** An id of 24 hexadecimal digits as browsers and EJSON know it (`Mongo.ObjectID`, EJSON type `oid`). */
export class ObjectID {
  // A field, not a private one: generic deep equality of tests and of the merge box looks at it.
  readonly _str: string;

  /** @param hex 24 hexadecimal digits; random by default. @throws on anything else. */
  constructor(hex?: string) {
    const lower = hex ? hex.toLowerCase() : Random.hexString(24);
    if (!objectIdForm.test(lower)) throw new Error('Invalid hexadecimal string for creating an ObjectID');
    this._str = lower;
  }

  equals(other: unknown): boolean {
    return other instanceof ObjectID && this.valueOf() === other.valueOf();
  }

  toString(): string {
    return `ObjectID("${this._str}")`;
  }

  clone(): ObjectID {
    return new ObjectID(this._str);
  }

  typeName(): string {
    return 'oid';
  }

  /** Seconds since 1970, for an id made by MongoDB. */
  getTimestamp(): number {
    return Number.parseInt(this._str.slice(0, 8), 16);
  }

  valueOf(): string {
    return this._str;
  }

  toJSONValue(): string {
    return this._str;
  }

  toHexString(): string {
    return this._str;
  }
}

// Bundlers rename classes that refer to themselves; apps and clients look at this name.
Object.defineProperty(ObjectID, 'name', { value: 'ObjectID' });

/** How ids travel in DDP, as in Meteor's package `mongo-id`: a string for each id, told apart by its first character. */
export const MongoID = {
  ObjectID,

  _looksLikeObjectID: (text: string): boolean => objectIdForm.test(text),

  /** @throws for ids that are objects of another kind. */
  idStringify(id: unknown): string {
    if (id instanceof ObjectID) return id.valueOf();
    if (typeof id === 'string') return isAmbiguous(id) ? `-${id}` : id;
    if (id === undefined) return '-';
    if (typeof id === 'object' && id !== null)
      throw new Error('Meteor does not currently support objects other than ObjectID as ids');
    return `~${JSON.stringify(id)}`;
  },

  idParse(text: string): unknown {
    if (text === '-') return undefined;
    if (text.startsWith('-')) return text.slice(1);
    if (text.startsWith('~')) return JSON.parse(text.slice(1));
    return objectIdForm.test(text) ? new ObjectID(text) : text;
  },
};

/** A string that would be read back as something else. */
function isAmbiguous(id: string): boolean {
  return /^[-~{]/.test(id) || objectIdForm.test(id);
}
