import { isDeepStrictEqual } from 'node:util';
import type { Message } from './scenario';

/** What a client holds of some collections, by `collection id`. */
export type Held = Record<string, Record<string, unknown>>;

/**
 * What a client may rely on: documents come before the `ready` or `updated` that announces them, results in the order of
 * the methods. Not where a result stands among the rest, nor the order inside a burst, nor how a burst is cut up.
 */
export function canonical(messages: Message[]): { stream: Message[]; results: Message[] } {
  const results = messages.filter(({ msg }) => msg === 'result');
  const bursts: { kind: string; messages: Message[] }[] = [];
  for (const message of messages.filter(({ msg }) => msg !== 'result').flatMap(takeApart)) {
    const kind = kindOf(message);
    if (!kind || bursts.at(-1)?.kind !== kind) bursts.push({ kind, messages: [] });
    addTo(bursts.at(-1)!.messages, message);
  }
  return { stream: bursts.flatMap(burst => burst.messages.sort(byKey)), results };
}

/** What a client holds after some messages, given what it held before. */
export function heldAfter(before: Held, messages: Message[]): Held {
  const held = { ...before };
  for (const { msg, collection, id, fields, cleared = [] } of messages) {
    const key = `${collection} ${id}`;
    const document = { ...(msg === 'changed' ? held[key] : {}), ...(fields as object) } as Held[string];
    for (const field of cleared as string[]) delete document[field];
    if (msg === 'removed') delete held[key];
    else held[key] = document;
  }
  return held;
}

/** The documents that are other ones than before. */
export function netChange(before: Held, after: Held): Record<string, unknown> {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const changed = keys.filter(key => !isDeepStrictEqual(before[key], after[key]));
  return Object.fromEntries(changed.map(key => [key, after[key] ?? '<gone>']));
}

/** One message for each method or subscription that it announces. */
function takeApart(message: Message): Message[] {
  const { msg, methods, subs, cleared } = message as Message & Record<'methods' | 'subs' | 'cleared', string[]>;
  if (msg === 'updated') return methods.map(id => ({ ...message, methods: [id] }));
  if (msg === 'ready') return subs.map(id => ({ ...message, subs: [id] }));
  return [cleared ? { ...message, cleared: [...cleared].sort() } : message];
}

function kindOf({ msg = '' }: Message): string {
  if (['added', 'changed', 'removed'].includes(msg)) return 'data';
  return ['updated', 'ready'].includes(msg) ? 'announcement' : '';
}

/** Changes of one document in one burst are one change. */
function addTo(burst: Message[], message: Message): void {
  const same = burst.find(known => message.msg === 'changed' && keyOf(known) === keyOf(message));
  if (!same) {
    burst.push({ ...message });
    return;
  }
  if (message.fields) same.fields = { ...(same.fields as object), ...(message.fields as object) };
  if (message.cleared) same.cleared = [...((same.cleared as []) ?? []), ...(message.cleared as [])].sort();
}

const keyOf = (m: Message): string => `${m.msg} ${m.collection} ${m.id} ${m.methods} ${m.subs}`;
const byKey = (a: Message, b: Message): number => (keyOf(a) < keyOf(b) ? -1 : 1);
