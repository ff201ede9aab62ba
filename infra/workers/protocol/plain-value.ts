const deepest = 64;
const allowed = 'use plain data: texts, numbers, true and false, null, dates, bytes, arrays and objects';

/**
 * Says why a value can't leave the worker as it is; undefined where it can. One walk checks and measures, because
 * serialising a result twice would cost more than many a task.
 *
 * @param path names the value in the message, as in `result.rows.3`.
 * @param limit of bytes, all names and values together.
 */
export function findUnsendable(value: unknown, path: string, limit: number): string | undefined {
  const walk: Walk = { bytes: 0, limit, problem: undefined };
  visit(value, path, 0, walk);
  if (walk.problem || walk.bytes <= limit) return walk.problem;
  return `${path}: more than ${limit.toLocaleString('en')} bytes; put what is large into a file (context.files) and give its id`;
}

interface Walk {
  bytes: number;
  readonly limit: number;
  problem: string | undefined;
}

function visit(value: unknown, path: string, depth: number, walk: Walk): void {
  if (walk.problem || walk.bytes > walk.limit) return;
  const size = sizeOfScalar(value);
  if (size !== undefined) walk.bytes += size;
  else if (typeof value !== 'object') walk.problem = `${path}: a ${typeof value} can't leave this process; ${allowed}`;
  else if (depth > deepest) walk.problem = `${path}: nested deeper than ${deepest} levels, or in a circle`;
  else visitObject(value as object, path, depth, walk);
}

function visitObject(value: object, path: string, depth: number, walk: Walk): void {
  if (value instanceof Date) walk.bytes += 8;
  else if (ArrayBuffer.isView(value)) walk.bytes += value.byteLength;
  else if (Array.isArray(value))
    for (const [index, item] of value.entries()) visit(item, `${path}.${index}`, depth + 1, walk);
  else if (isRecord(value)) {
    for (const [name, item] of Object.entries(value)) {
      walk.bytes += name.length + 2;
      visit(item, `${path}.${name}`, depth + 1, walk);
    }
  } else walk.problem = `${path}: ${describeInstance(value)} can't leave this process; ${allowed}`;
}

function sizeOfScalar(value: unknown): number | undefined {
  if (value === null || value === undefined || typeof value === 'boolean') return 1;
  if (typeof value === 'number') return 8;
  return typeof value === 'string' ? Buffer.byteLength(value) + 4 : undefined;
}

/** Prototypes don't survive the channel: an ObjectId or a Map would arrive as something else, so it is refused here. */
function isRecord(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function describeInstance(value: object): string {
  const name = value.constructor?.name || 'unnamed class';
  return name === 'ObjectId' ? 'an ObjectId (use its toHexString())' : `an instance of ${name}`;
}
