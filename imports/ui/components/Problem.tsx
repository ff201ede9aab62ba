import React from 'react';

interface ProblemProps {
  id?: string;
  children: string | undefined;
  onDismiss?: () => void;
}

/** What went wrong, where it went wrong; read out as soon as it is there. */
export function Problem({ id, children, onDismiss }: ProblemProps) {
  if (!children) return null;
  return (
    <p className="problem" role="alert" id={id}>
      <span>{children}</span>
      {onDismiss && (
        <button type="button" className="plain" onClick={onDismiss} aria-label="Dismiss this message">
          <Cross />
        </button>
      )}
    </p>
  );
}

export function Cross() {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d="M4 4l8 8M12 4l-8 8" />
    </svg>
  );
}
