import ejson from 'ejson';
import { ObjectID } from './object-id';

/** Values that can travel: JSON and dates, binaries, regular expressions, NaN, infinities and registered custom types. */
interface ExtendedJson {
  /** Registers a custom type. @throws when the name is taken. */
  addType(name: string, factory: (json: never) => unknown): void;
  clone<T>(value: T): T;
  equals(a: unknown, b: unknown, options?: { keyOrderSensitive?: boolean }): boolean;
  fromJSONValue(json: unknown): unknown;
  isBinary(value: unknown): value is Uint8Array;
  newBinary(size: number): Uint8Array;
  parse(text: string): unknown;
  stringify(value: unknown, options?: { indent?: boolean | number | string; canonical?: boolean }): string;
  toJSONValue(value: unknown): unknown;
  _isCustomType(value: unknown): boolean;
  /** In place: typed values become their JSON form. */
  _adjustTypesToJSONValue(value: unknown): unknown;
  /** In place: JSON forms become typed values. */
  _adjustTypesFromJSONValue(value: unknown): unknown;
  _getTypes(): Record<string, unknown>;
}

/** Meteor's EJSON, with the database's ids registered as the type `oid`, as the package `mongo-id` does. */
export const EJSON: ExtendedJson = ejson;

if (!('oid' in EJSON._getTypes())) EJSON.addType('oid', (hex: string) => new ObjectID(hex));
