import React from 'react';

interface ProgressBarProps {
  label: string;
  /** From 0 to 1; undefined while nothing is known yet. */
  fraction: number | undefined;
}

/** A bar that grows; until there is something to see of it, a piece of it glides along. */
export function ProgressBar({ label, fraction }: ProgressBarProps) {
  const percent = Math.round((fraction ?? 0) * 100) || undefined;
  return (
    <div
      className="bar"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      {percent === undefined ? <span className="bar-glide" /> : <span style={{ transform: `scaleX(${fraction})` }} />}
    </div>
  );
}
