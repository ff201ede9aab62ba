import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What each key of the terminal does. */
export interface Keys {
  restart(): void;
  openPage(): void;
  openConsole(): void;
  quit(): void;
}

type Terminal = Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'pause' | 'unref'>;

/** The keys, as the terminal shows them at the start. */
export const keyHelp = 'Keys: r restart, o open, c console, q quit';

/** Whether a person sits at a terminal that this process may read: in the background it would be stopped for that. */
export function hasKeys(terminal: Pick<Terminal, 'isTTY'> = process.stdin): boolean {
  return Boolean(terminal.isTTY) && isInForeground();
}

/** Calls what belongs to each key that is pressed. @returns what gives the terminal back as it was. */
export function listenToKeys(keys: Keys, terminal: Terminal = process.stdin): () => void {
  const actions: Record<string, () => void> = {
    r: keys.restart,
    o: keys.openPage,
    c: keys.openConsole,
    q: keys.quit,
    '\u0003': keys.quit, // Ctrl-C, which is a key like the others now
    '\u0004': keys.quit, // Ctrl-D
  };
  terminal.setRawMode(true);
  terminal.on('data', pressed => {
    for (const key of String(pressed).toLowerCase()) actions[key]?.();
  });
  terminal.unref();
  return () => {
    terminal.setRawMode(false);
    terminal.pause();
  };
}

/** Opens an address in the browser of this machine, where it has one. */
export function openInBrowser(url: string): void {
  const openers: Partial<Record<NodeJS.Platform, string[]>> = { darwin: ['open'], win32: ['cmd', '/c', 'start', ''] };
  const [command = '', ...args] = openers[process.platform] ?? ['xdg-open'];
  const opener = spawn(command, [...args, url], { stdio: 'ignore', detached: true });
  opener.on('error', () => console.log(`Nothing here opens a browser: the address is ${url}`));
  opener.unref();
}

/** Of the groups of a terminal one is in its foreground. Where the system does not say which, it is ours. */
function isInForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return group === foreground;
  } catch {
    return true;
  }
}
