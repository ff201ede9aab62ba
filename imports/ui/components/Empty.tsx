import React, { type ReactNode } from 'react';

/** What a list says while there is nothing in it. */
export function Empty({ children }: { children: ReactNode }) {
  return <p className="empty">{children}</p>;
}
