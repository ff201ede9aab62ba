/** The part of a computation that a flush uses. */
interface Rerun {
  _recompute(): void;
  _needsRecompute(): boolean;
}

const pending: Rerun[] = [];
const afterFlushCallbacks: (() => void)[] = [];
/** A flush is scheduled or under way. */
let willFlush = false;
let flushing = false;
/** A computation's function runs; true also inside `nonreactive`, where there is no current computation. */
let computing = false;
let throwFirstError = false;

/** Reruns of one asynchronous flush before it yields to the event loop. */
const rerunsAtOnce = 1000;

export const inFlush = (): boolean => flushing;

/** A computation wants to run again. */
export function enqueue(rerun: Rerun): void {
  requireFlush();
  pending.push(rerun);
}

export function enqueueAfterFlush(callback: () => void): void {
  afterFlushCallbacks.push(callback);
  requireFlush();
}

/** Runs a computation's function, during which flushing is forbidden. */
export function whileComputing(run: () => void): void {
  const outer = computing;
  computing = true;
  try {
    run();
  } finally {
    computing = outer;
  }
}

/** Runs all pending computations now. */
export function flushNow(options: { throwFirstError: boolean }): void {
  throwFirstError = options.throwFirstError;
  runFlush(Number.POSITIVE_INFINITY);
}

export function throwOrLog(from: string, error: unknown): void {
  if (throwFirstError) throw error;
  console.error(`Exception from Tracker ${from} function:`, error);
}

function requireFlush(): void {
  if (willFlush) return;
  willFlush = true;
  setTimeout(() => runFlush(rerunsAtOnce), 0);
}

function runFlush(limit: number): void {
  if (flushing) throw new Error("Can't call Tracker.flush while flushing");
  if (computing) throw new Error("Can't flush inside Tracker.autorun");
  flushing = true;
  willFlush = true;
  try {
    flushAll(limit);
  } finally {
    endFlush();
  }
}

function flushAll(limit: number): void {
  for (let reruns = 0; pending.length > 0 || afterFlushCallbacks.length > 0; ) {
    const computation = pending.shift();
    if (computation) {
      computation._recompute();
      if (computation._needsRecompute()) pending.unshift(computation);
      reruns += 1;
      if (reruns > limit) return;
    } else runAfterFlush(afterFlushCallbacks.shift()!);
  }
}

function runAfterFlush(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    throwOrLog('afterFlush', error);
  }
}

function endFlush(): void {
  willFlush = false;
  flushing = false;
  throwFirstError = false;
  // Computations that are left after the limit, or after a rethrown error, get their turn later.
  if (pending.length > 0 || afterFlushCallbacks.length > 0) requireFlush();
}
