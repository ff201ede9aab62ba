import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Whether a process with this number runs on this machine, even another user's. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** How a process ended, as text for people. */
export function howItEnded(code: number | null, signal: NodeJS.Signals | null): string {
  return signal ? `killed by ${signal}` : `exit code ${code}`;
}

/** Sends `signal` to a process and all of its group (it was started detached, so its group has its number). */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error; // no process is left, which is the goal
  }
}

/**
 * Whether any process of the group `pid` still runs. A zombie does not count, but what has threads left is none: a
 * mongod that ends holds its port and its files until the last of them has gone.
 */
export function isGroupAlive(pid: number): boolean {
  if (!isAlive(-pid) || !existsSync('/proc/self/stat')) return isAlive(-pid);
  return readdirSync('/proc').some(name => /^\d+$/.test(name) && runsInGroup(name, pid));
}

function runsInGroup(name: string, group: number): boolean {
  try {
    const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, pgrp, threads] = [fields[0], fields[2], fields[17]];
    return Number(pgrp) === group && (state !== 'Z' || Number(threads) > 1);
  } catch {
    return false; // it has just ended
  }
}

/** The parent of a process, if the system has /proc. */
export function parentOf(pid: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]);
  } catch {
    return undefined;
  }
}
