import React from 'react';
import { useNow } from './state';

/** How long ago something was, short: `12 s`, `3 min`, `2 h`, `5 d`. Ahead: `in 3 min`. */
export function Ago({ at }: { at: Date }) {
  const now = useNow();
  return (
    <time dateTime={at.toISOString()} title={at.toLocaleString()}>
      {spanBetween(at.getTime(), now)}
    </time>
  );
}

const spans: [unit: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

/** @param from and to in milliseconds. */
function spanBetween(from: number, to: number): string {
  const text = durationText(Math.abs(to - from));
  return from > to + 500 ? `in ${text}` : text;
}

/** A duration in its greatest unit: `840 ms`, `12 s`, `3 min`. */
export function durationText(ms: number): string {
  const found = spans.find(([, unit]) => ms >= unit);
  return found ? `${Math.floor(ms / found[1])} ${found[0]}` : `${Math.round(ms)} ms`;
}
