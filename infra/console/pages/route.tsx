import React, { type MouseEvent, type ReactNode, useSyncExternalStore } from 'react';

/** Where the person is on the console: `/console/tasks/abc?state=failed` is page `tasks`, id `abc`. */
export interface Route {
  /** Empty at `/console`. */
  page: string;
  id?: string;
  query: URLSearchParams;
}

export type Query = Record<string, string | undefined>;

/** The address of a view, to be linked or sent. */
export function addressOf(page: string, id?: string, query: Query = {}): string {
  const path = ['/console', page, id].filter(part => part !== undefined && part !== '');
  const set = Object.entries(query).filter((entry): entry is [string, string] => Boolean(entry[1]));
  const text = new URLSearchParams(set).toString();
  const [root, ...rest] = path as string[];
  return `${[root, ...rest.map(encodeURIComponent)].join('/')}${text && `?${text}`}`;
}

/** @param address path and query, as `addressOf` makes them. */
export function routeOf(address: string): Route {
  const url = new URL(address, 'http://console.invalid');
  const [, , page = '', id] = url.pathname.split('/').map(decoded);
  return { page, ...(id && { id }), query: url.searchParams };
}

/** Somebody may have cut an address in half. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const listeners = new Set<() => void>();
const tell = () => {
  for (const listener of listeners) listener();
};

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) addEventListener('popstate', tell);
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) removeEventListener('popstate', tell);
  };
}

/** Goes to a view. @param replace where the way back need not lead here: what is being typed into a filter, say. */
export function navigate(address: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  tell();
}

const here = () => location.pathname + location.search;

/** The view that the address names, live. */
export function useRoute(): Route {
  return routeOf(useSyncExternalStore(subscribe, here));
}

interface LinkProps {
  to: string;
  children: ReactNode;
  className?: string;
  current?: boolean;
  label?: string;
}

/** A link within the console: no page is loaded anew, and all that a link can do (a new tab, copying) works. */
export function Link({ to, children, className, current = false, label }: LinkProps) {
  const follow = (event: MouseEvent) => {
    if (event.defaultPrevented || event.button !== 0) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    navigate(to);
  };
  return (
    <a href={to} onClick={follow} className={className} aria-current={current ? 'page' : undefined} aria-label={label}>
      {children}
    </a>
  );
}
