import { readdirSync, readFileSync } from 'node:fs';

/** Of a process and all that it has started. */
export interface Usage {
  cpuMs: number;
  megabytes: number;
}

const tickMs = 10;
const pageBytes = 4_096;

/** From Linux's /proc; nothing anywhere else. */
export function treeUsage(pid: number): Usage {
  const processes = readProcesses();
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
  };
}

function readProcesses() {
  return readdirSync('/proc').flatMap(name => {
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      const [parent, ticks, pages] = [fields[1]!, fields[11]! + fields[12]!, fields[21]!];
      return [{ pid: Number(name), parent, ticks, pages }];
    } catch {
      return []; // no process, or one that has just ended
    }
  });
}
