import { show } from '../errors/plain-error';
import { byteLength, describeInstance, isDate, isPlainObject, isWellFormed, kindOfView, timeOf } from './value-kinds';

/** What a value may hold, by where it goes. */
export interface FormLimits {
  /** How many objects and arrays may lie in each other. */
  readonly depth: number;
  /** Of the value as BSON, names and all. */
  readonly bytes: number;
  /** Bytes (Uint8Array, Buffer) may be in it. */
  readonly binary?: boolean;
  /** Names may begin with $ or hold a dot: MongoDB stores them, but no selector can name them. */
  readonly anyNames?: boolean;
  /** Node's `types.isProxy`, where there is Node: no other code can tell a Proxy from what it stands for. */
  readonly isProxy?: (value: unknown) => boolean;
}

/** A value as everybody sees it from now on, or why there is no such form: a line for each problem, with its path. */
export interface NormalForm {
  readonly value: unknown;
  readonly problems: readonly string[];
}

/** Leaves room in a document of 16 MB for what is written into a task later: fifty failed attempts and a result. */
export const payloadLimits: FormLimits = { depth: 32, bytes: 12 * 1024 * 1024 };

/** The result of a task, or of a run of a schedule: only shown, neither signed nor sent to another handler. */
export const resultLimits: FormLimits = { depth: 64, bytes: 1024 * 1024, binary: true, anyNames: true };

/** More problems than these are not looked for: somebody wants to read them. */
const mostProblems = 10;

/**
 * Turns a value into its normal form: a copy of plain data that the check, the signature, MongoDB and the channel to a
 * worker all carry alike. Pure, total and bounded: it never throws, whatever it is given.
 *
 * Kept are texts, finite and other numbers, booleans, null, valid dates, arrays and plain objects. Half a surrogate pair
 * in a text becomes U+FFFD, -0 becomes 0, undefined is left out of objects and becomes null in arrays. Only what is
 * enumerable and has a text for a name belongs to a value. All else is refused.
 *
 * @param path names the value in messages, as in `sendInvoice.data`.
 */
export function normalForm(value: unknown, path: string, limits: FormLimits = payloadLimits): NormalForm {
  const walk = new Walk(path, limits);
  try {
    const normal = walk.visit(value);
    return { value: walk.problems.length > 0 ? undefined : normal, problems: walk.problems };
  } catch {
    // Only a Proxy that nobody could recognise fails in the very walk.
    return { value: undefined, problems: [...walk.problems, `${path}: cannot be read`] };
  }
}

class Walk {
  readonly problems: string[] = [];
  private readonly names: (string | number)[] = [];
  private bytes = 0;
  private stopped = false;

  constructor(
    private readonly path: string,
    private readonly limits: FormLimits,
  ) {}

  visit(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        return this.visitText(value);
      case 'number':
        this.count(Number.isInteger(value) && Math.abs(value) < 2 ** 31 ? 4 : 8);
        return value === 0 ? 0 : value;
      case 'boolean':
        this.count(1);
        return value;
      case 'undefined':
        return undefined;
      case 'object':
        return value === null ? null : this.visitObject(value);
      default:
        return this.refuse(`${show(value)} cannot be stored; ${this.allowed}`);
    }
  }

  private visitText(text: string): string {
    const normal = text.toWellFormed();
    this.count(byteLength(normal) + 5);
    return normal;
  }

  private visitObject(value: object): unknown {
    const { depth, isProxy } = this.limits;
    this.count(5);
    if (isProxy?.(value)) return this.refuse('a Proxy cannot be stored; give a plain copy of what is in it');
    if (this.names.length >= depth) return this.stop(`nested deeper than ${depth} levels, or in a circle`);
    if (Array.isArray(value)) return this.visitArray(value);
    if (isPlainObject(value)) return this.visitRecord(value as Record<string, unknown>);
    return this.visitInstance(value);
  }

  private visitArray(items: readonly unknown[]): unknown[] {
    const copy: unknown[] = [];
    for (let index = 0; index < items.length && !this.stopped; index++) {
      this.names.push(index);
      this.count(2 + digitsOf(index));
      // The first hole ends it: an array may say that it has four thousand million of them.
      if (!(index in items)) this.stop('is a hole, which cannot be stored; use null');
      else copy.push(this.visit(this.read(items, index)) ?? null);
      this.names.pop();
    }
    return copy;
  }

  private visitRecord(record: Record<string, unknown>): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    for (const name of Object.keys(record)) {
      if (this.stopped) break;
      this.names.push(name);
      const part = this.hasGoodName(name) ? this.visit(this.read(record, name)) : undefined;
      if (part !== undefined) {
        this.count(byteLength(name) + 2);
        copy[name] = part;
      }
      this.names.pop();
    }
    return copy;
  }

  private visitInstance(value: object): unknown {
    if (isDate(value)) return this.visitDate(value);
    const kind = ArrayBuffer.isView(value) ? kindOfView(value) : undefined;
    if (kind === 'Uint8Array' && this.limits.binary) {
      this.count((value as Uint8Array).byteLength);
      return this.stopped ? undefined : new Uint8Array(value as Uint8Array);
    }
    return this.refuse(`${kind ? `a ${kind}` : describeInstance(value)} cannot be stored; ${this.allowed}`);
  }

  private visitDate(date: object): unknown {
    const time = timeOf(date);
    this.count(8);
    return Number.isNaN(time) ? this.refuse('is an invalid date') : new Date(time);
  }

  private hasGoodName(name: string): boolean {
    if (name === '__proto__' || name === '_bsontype' || name.includes('\0') || !isWellFormed(name))
      this.refuse('a name must not be __proto__ or _bsontype, hold NUL or half a surrogate pair');
    else if (!this.limits.anyNames && (name.startsWith('$') || name.includes('.')))
      this.refuse('a name must not be __proto__, begin with $ or hold a dot');
    else return true;
    return false;
  }

  private read(from: object, name: string | number): unknown {
    try {
      return (from as Record<string | number, unknown>)[name];
    } catch {
      return this.refuse('cannot be read: its getter throws');
    }
  }

  private count(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes <= this.limits.bytes || this.stopped) return;
    this.names.length = 0;
    this.stop(
      `more than ${this.limits.bytes.toLocaleString('en')} bytes; put what is large into a file (context.files) and give its id`,
    );
  }

  private stop(problem: string): undefined {
    this.refuse(problem);
    this.stopped = true;
  }

  private refuse(problem: string): undefined {
    if (!this.stopped) this.problems.push(`${[this.path, ...this.names.map(showName)].join('.')}: ${problem}`);
    this.stopped ||= this.problems.length >= mostProblems;
    return undefined;
  }

  private get allowed(): string {
    const kinds = `texts, numbers, true and false, null, dates, ${this.limits.binary ? 'bytes, ' : ''}arrays`;
    return `use plain data: ${kinds} and plain objects`;
  }
}

/** A name in a path: as it is, or quoted and cut where it would spoil the message. */
function showName(name: string | number): string {
  return typeof name === 'number' || /^[\w$. -]{1,80}$/.test(name) ? String(name) : show(name);
}

function digitsOf(index: number): number {
  return index < 10 ? 1 : Math.floor(Math.log10(index)) + 1;
}
