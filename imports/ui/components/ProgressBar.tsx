import React from 'react';

interface ProgressBarProps {
  label: string;
  /** From 0 to 1; undefined while nothing is known yet. */
  fraction: number | undefined;
}

/** A bar that grows; before the first news it breathes. */
export function ProgressBar({ label, fraction }: ProgressBarProps) {
  const percent = fraction === undefined ? undefined : Math.round(fraction * 100);
  return (
    <div
      className={percent === undefined ? 'bar bar-waiting' : 'bar'}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent}
    >
      <span style={{ transform: `scaleX(${fraction ?? 0})` }} />
    </div>
  );
}
