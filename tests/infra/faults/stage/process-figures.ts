import { readdirSync, readFileSync } from 'node:fs';
import { CannotPlay } from '../scenario';

/** The resident memory of a process, in MB. @throws CannotPlay where the system has no /proc. */
export function residentMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(ofProc(() => readFileSync(`/proc/${pid}/status`, 'utf8')))?.[1];
  return Math.round(Number(kilobytes) / 1_024);
}

/** How many files, sockets and pipes it has open. */
export function openHandles(pid: number): number {
  return ofProc(() => readdirSync(`/proc/${pid}/fd`)).length;
}

function ofProc<T>(read: () => T): T {
  if (process.platform !== 'linux')
    throw new CannotPlay('memory and handles of another process are seen on Linux only');
  return read();
}
