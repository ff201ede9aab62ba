import { Mongo } from 'meteor/mongo';
import { useFind } from 'meteor/react-meteor-data';
import { createContext, useContext, useRef, useState } from 'react';
import { rowCollection, viewCollection, viewKey, viewPublication } from '../contract';
import type { ViewName, ViewOf } from '../views';
import { reasonOf, useSubscription } from './session';

type Stored = { _id: string; rows: string[] };
type StoredRow = { _id: string; id: string };

// Filled by the publication; the database has no such collections.
const Views = new Mongo.Collection<Stored>(viewCollection);
const Rows = new Mongo.Collection<StoredRow>(rowCollection);

/** Called when the server says that the session has ended. */
export const RefusedContext = createContext<() => void>(() => {});

/** Whether the page rests: what it shows stays as it is, until it goes on. */
export const PausedContext = createContext(false);

/** What it was when the page was paused, or came later where there was none. */
export function useHeld<Value>(value: Value, key: string): Value {
  const isPaused = useContext(PausedContext);
  const held = useRef({ key, value });
  if (!isPaused || held.current.key !== key || held.current.value === undefined) held.current = { key, value };
  return held.current.value;
}

export interface Viewed<Name extends ViewName> {
  /** Undefined until it has come. Its rows are in their order. */
  value?: ViewOf<Name>;
  /** Why it can't be shown. */
  problem?: string;
}

/**
 * What a page shows, live from the server as long as the page is open.
 *
 * @param params flat: texts and numbers. Those that are undefined are left out.
 */
export function useView<Name extends ViewName>(name: Name, params: Record<string, unknown> = {}): Viewed<Name> {
  const given = Object.fromEntries(Object.entries(params).filter(([, value]) => value !== undefined));
  const key = viewKey(name, given);
  const [problem, setProblem] = useState<{ key: string; text: string }>();
  const onRefused = useContext(RefusedContext);
  useSubscription(viewPublication, [name, given], {
    onReady: () => setProblem(undefined),
    onFailed: error => setProblem({ key, text: reasonOf(error) }),
    onRefused,
  });
  const [found] = useFind(() => Views.find({ _id: key }), [key]);
  const ids = found?.rows ?? [];
  const stored = useFind(() => Rows.find({ _id: { $in: ids } }), [ids.join('\t')]);
  const text = problem?.key === key ? problem.text : undefined;
  const byId = new Map(stored.map(row => [row._id, row]));
  const rows = ids.flatMap(id => byId.get(id) ?? []).map(row => ({ ...row, _id: row.id }));
  const value = useHeld(found && ({ ...found, rows } as unknown as ViewOf<Name>), key);
  return { ...(value && { value }), ...(text !== undefined && { problem: text }) };
}
