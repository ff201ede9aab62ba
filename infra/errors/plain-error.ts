/**
 * The one place where something thrown becomes text. Code that reports a failure must not fail, so every function here
 * is total: it returns for whatever was thrown, in bounded time and size, and never throws.
 *
 * This file exists twice, byte for byte: infra/errors/plain-error.ts and packages/synced-cron/errors/plain-error.ts. A Meteor
 * package can't import the app's files, so this one imports nothing.
 */

/** An error as it is kept and sent: bounded, well-formed texts. */
export interface PlainError {
  name: string;
  message: string;
  /** With the causes, and the reasons of an AggregateError, at its end. */
  stack?: string;
}

const longestName = 200;
const longestMessage = 10_000;
const longestStack = 20_000;
/** What one error of a chain may take of the stack: its beginning, and its last frames. */
const longestOwnStack = 10_000;
const longestValue = 500;
/** What a message shows of the value that it complains of. */
const longestShown = 80;
/** How many errors are read of a chain or a tree that may have no end. */
const mostErrors = 20;
const mostReasons = 5;
const mostEntries = 20;
const deepestValue = 3;

const unreadable = Symbol('unreadable');
// Taken now: the code whose error is reported may have broken the globals.
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Makes plain data of whatever was thrown. */
export function plainError(thrown: unknown): PlainError {
  try {
    if (!isError(thrown))
      return { name: 'NotAnError', message: `threw ${tellValue(thrown, longestValue)}, which is not an Error` };
    return {
      name: nameOf(thrown),
      message: messageOfError(thrown),
      stack: clip(tell(thrown, startWalk()), longestStack),
    };
  } catch {
    return { name: 'NotAnError', message: 'threw something that cannot be read' };
  }
}

/** What was thrown as it is printed: its stack, where it has one. */
export function textOf(thrown: unknown): string {
  const { name, message, stack } = plainError(thrown);
  return stack ?? `${name}: ${message}`;
}

/** What was thrown in a few words: an error's message, or the value itself. */
export function messageOf(thrown: unknown): string {
  try {
    if (!isError(thrown))
      return typeof thrown === 'string' ? clip(thrown, longestMessage) : tellValue(thrown, longestValue);
    return messageOfError(thrown) || nameOf(thrown);
  } catch {
    return 'something that cannot be read';
  }
}

/** Whether a value is an Error, of this realm or another one. */
export function isError(value: unknown): value is Error {
  if (typeof value !== 'object' || value === null) return false;
  try {
    return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';
  } catch {
    return false;
  }
}

function nameOf(error: object): string {
  const name = read(error, 'name');
  const oneLine = typeof name === 'string' ? clip(name, longestName).replace(/[\s\p{Cc}]+/gu, ' ') : '';
  return oneLine.trim() || 'Error';
}

/** An AggregateError says by itself only that there were several: its reasons are what happened. */
function messageOfError(error: object): string {
  const own = ownMessage(error);
  const { reasons, total } = reasonsOf(error);
  if (reasons.length === 0) return own;
  const told = reasons.map(
    (reason, index) =>
      `(${index + 1}) ${isError(reason) ? ownMessage(reason) || nameOf(reason) : tellValue(reason, longestValue)}`,
  );
  const more = total > reasons.length ? [`and ${total - reasons.length} more`] : [];
  const list = [...told, ...more].join('; ');
  return clip(own ? `${own}: ${list}` : list, longestMessage);
}

function ownMessage(error: object): string {
  const message = read(error, 'message');
  if (message === unreadable) return 'its message cannot be read';
  if (message === undefined) return '';
  return typeof message === 'string' ? clip(message, longestMessage) : tellValue(message, longestValue);
}

interface Walk {
  /** How many more errors may be read. */
  left: number;
  readonly seen: Set<unknown>;
}

function startWalk(): Walk {
  return { left: mostErrors, seen: new Set() };
}

/** The stack of an error, then those of its causes and reasons. */
function tell(thrown: unknown, walk: Walk): string {
  if (!isError(thrown)) return tellValue(thrown, longestValue);
  if (walk.seen.has(thrown)) return 'an error that is told above';
  if (walk.left === 0) return 'further errors';
  walk.left -= 1;
  walk.seen.add(thrown);
  const { reasons, total } = reasonsOf(thrown);
  const parts = [ownStack(thrown)];
  const cause = read(thrown, 'cause');
  if (cause !== undefined) parts.push(`Caused by: ${cause === unreadable ? 'what cannot be read' : tell(cause, walk)}`);
  for (const [index, reason] of reasons.entries()) parts.push(`Reason ${index + 1} of ${total}: ${tell(reason, walk)}`);
  return parts.join('\n');
}

function ownStack(error: object): string {
  const stack = read(error, 'stack');
  if (typeof stack !== 'string' || stack === '') return `${nameOf(error)}: ${ownMessage(error)}`;
  if (stack.length <= longestOwnStack) return wellFormed(stack);
  // The frames come after the message, however long that is.
  const head = (longestOwnStack * 3) / 4;
  return `${clip(stack, head)}\n${wellFormed(stack.slice(head - longestOwnStack))}`;
}

/** What an AggregateError or a SuppressedError holds; only the first few are looked at. */
function reasonsOf(error: object): { reasons: unknown[]; total: number } {
  const errors = read(error, 'errors');
  if (isArray(errors)) {
    const total = countOf(errors);
    return { reasons: firstOf(errors, Math.min(total, mostReasons)), total };
  }
  const suppressed = nameOf(error) === 'SuppressedError' ? [read(error, 'error'), read(error, 'suppressed')] : [];
  return { reasons: suppressed, total: suppressed.length };
}

/** A value as a message shows it. Its own ways to become text (toString, toJSON …) are not asked: they may never end. */
export function show(value: unknown): string {
  return tellValue(value, longestShown);
}

function tellValue(value: unknown, longest: number): string {
  try {
    return clip(print(value, 0, { left: longest }), longest);
  } catch {
    return 'something that cannot be read';
  }
}

interface Room {
  left: number;
}

function print(value: unknown, depth: number, room: Room): string {
  const text = printWhole(value, depth, room);
  room.left -= text.length;
  return text;
}

function printWhole(value: unknown, depth: number, room: Room): string {
  if (value === unreadable) return 'what cannot be read';
  switch (typeof value) {
    case 'string':
      return quoted(value, longestValue);
    case 'bigint':
      // The digits of a huge one would take minutes.
      return BigInt.asIntN(64, value) === value ? `${value}n` : 'a bigint of more than 64 bits';
    case 'symbol':
      return `Symbol(${clip(value.description ?? '', longestName)})`;
    case 'function':
      return `function ${textIn(value, 'name') || '(anonymous)'}`;
    case 'object':
      return value === null ? 'null' : printObject(value, depth, room);
    default:
      return `${value}`;
  }
}

function printObject(value: object, depth: number, room: Room): string {
  try {
    if (isError(value)) return `${nameOf(value)}: ${clip(ownMessage(value), longestValue)}`;
    if (depth >= deepestValue || room.left <= 0) return '…';
    if (Array.isArray(value)) return `[${printItems(value, depth, room)}]`;
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (ArrayBuffer.isView(value)) return `${value.byteLength} bytes`;
    return printRecord(value, depth, room);
  } catch {
    return 'an object';
  }
}

function printItems(items: readonly unknown[], depth: number, room: Room): string {
  const total = countOf(items);
  const shown = firstOf(items, Math.min(total, mostEntries)).map(item => print(item, depth + 1, room));
  return [...shown, ...(total > shown.length ? [`${total - shown.length} more`] : [])].join(',');
}

function printRecord(record: object, depth: number, room: Room): string {
  const names = Object.keys(record);
  const kind = names.length === 0 ? kindOf(record) : '';
  if (kind) return `an object of ${kind}`;
  const shown = names.slice(0, mostEntries).filter(() => room.left > 0);
  const entries = shown.map(name => {
    const label = quoted(name, longestName);
    room.left -= label.length;
    return `${label}:${print(read(record, name), depth + 1, room)}`;
  });
  return `{${[...entries, ...(names.length > shown.length ? [`${names.length - shown.length} more`] : [])].join(',')}}`;
}

/** The class of an object that shows nothing by itself, such as a Map; empty for a plain one. */
function kindOf(value: object): string {
  const maker = read(value, 'constructor');
  const name = typeof maker === 'function' ? textIn(maker, 'name') : '';
  return name === 'Object' ? '' : name;
}

/** As JSON, so that nobody takes its end for the message's; what no database can keep is escaped there. */
function quoted(text: string, longest: number): string {
  return JSON.stringify(text.length > longest ? clip(text, longest) : text);
}

function isArray(value: unknown): value is readonly unknown[] {
  try {
    return Array.isArray(value);
  } catch {
    return false;
  }
}

function countOf(items: readonly unknown[]): number {
  const length = read(items, 'length');
  return typeof length === 'number' && length > 0 ? Math.floor(length) : 0;
}

function firstOf(items: readonly unknown[], count: number): unknown[] {
  return Array.from({ length: count }, (_, index) => read(items, index));
}

function textIn(holder: object, key: string): string {
  const text = read(holder, key);
  return typeof text === 'string' ? clip(text, longestName) : '';
}

/** A getter or a Proxy may throw. */
function read(holder: object, key: string | number): unknown {
  try {
    return (holder as Record<string | number, unknown>)[key];
  } catch {
    return unreadable;
  }
}

/** A text that is no longer than `longest`, and whole signs only. */
export function clip(text: string, longest: number): string {
  if (text.length <= longest) return wellFormed(text);
  // Half a sign at the cut is left out.
  return `${wellFormed(text.slice(0, longest - 1).replace(/[\uD800-\uDBFF]$/, ''))}…`;
}

/** A copy that any database and channel can keep, and that doesn't hold on to the long text that it was cut from. */
function wellFormed(text: string): string {
  return decoder.decode(encoder.encode(text)).replaceAll('\0', '\u2400');
}
