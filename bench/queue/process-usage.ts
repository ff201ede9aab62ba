import { readdirSync, readFileSync } from 'node:fs';

/** Of a process and all that it has started. */
export interface Usage {
  cpuMs: number;
  megabytes: number;
  processes: number;
  threads: number;
}

const tickMs = 10;
const pageBytes = 4_096;

/** From Linux's /proc; nothing anywhere else. What its ended children used counts as its own. */
export function treeUsage(pid: number, processes = readProcesses()): Usage {
  const family = new Set([pid]);
  // A child's number may be smaller than its parent's, so the list is gone through until nobody new is found.
  for (let size = 0; size < family.size; ) {
    size = family.size;
    for (const one of processes) if (family.has(one.parent)) family.add(one.pid);
  }
  const members = processes.filter(one => family.has(one.pid));
  return {
    cpuMs: members.reduce((sum, { ticks }) => sum + ticks, 0) * tickMs,
    megabytes: (members.reduce((sum, { pages }) => sum + pages, 0) * pageBytes) / 1e6,
    processes: members.length,
    threads: members.reduce((sum, { threads }) => sum + threads, 0),
  };
}

export function readProcesses() {
  return readdirSync('/proc').flatMap(name => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      const ticks = fields.slice(11, 15).reduce((sum, one) => sum + one, 0);
      return [{ pid: Number(name), parent: fields[1]!, ticks, threads: fields[17]!, pages: fields[21]! }];
    } catch {
      return []; // no process, or one that has just ended
    }
  });
}
