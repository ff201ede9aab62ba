import React, { type ReactNode, useId } from 'react';

interface PanelProps {
  title: string;
  /** One quiet line under the title. */
  hint?: ReactNode;
  /** Beside the title, at the far end. */
  aside?: ReactNode;
  area: string;
  children: ReactNode;
}

/** A part of the page with its heading. */
export function Panel({ title, hint, aside, area, children }: PanelProps) {
  const id = useId();
  return (
    <section className={`panel panel-${area}`} aria-labelledby={id}>
      <header className="panel-head">
        <div>
          <h2 id={id}>{title}</h2>
          {hint && <p className="hint">{hint}</p>}
        </div>
        {aside}
      </header>
      {children}
    </section>
  );
}

/** What a list says while there is nothing in it. */
export function Empty({ children }: { children: ReactNode }) {
  return <p className="empty">{children}</p>;
}
