import React, { type FocusEvent, type ReactNode, useEffect, useRef } from 'react';

/**
 * Around rows with buttons: where a button goes away by what it does, whoever pressed it stays in its row, named by
 * `data-row`, or at this place where the row is gone too.
 */
export function KeepFocus({ children }: { children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  const row = useRef<string | undefined>(undefined);
  const note = ({ target }: FocusEvent) => {
    row.current = target.closest<HTMLElement>('[data-row]')?.dataset.row;
  };
  const forget = () => {
    row.current = undefined;
  };
  useEffect(() => {
    if (row.current === undefined || document.activeElement !== document.body) return;
    const its = place.current?.querySelector<HTMLElement>(`[data-row="${CSS.escape(row.current)}"]`);
    (its?.querySelector<HTMLElement>('button:enabled, a[href]') ?? place.current)?.focus({ preventScroll: true });
  });
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: it hears where the focus is; nobody acts on it.
    <div ref={place} tabIndex={-1} className="console-rows" onFocus={note} onBlur={forget}>
      {children}
    </div>
  );
}
