import { parentOf } from '../process-tree';

const lookEveryMs = 1_000;

/** npm and the shell it starts can be killed without a word to us: calls `onEnd` once when either is gone. */
export function onParentsEnd(onEnd: () => void): void {
  if (!process.env.npm_lifecycle_event) return; // started by hand: who started us may leave us running
  const before = parents();
  const timer = setInterval(() => {
    if (parents() === before) return;
    clearInterval(timer);
    onEnd();
  }, lookEveryMs);
  timer.unref();
}

function parents(): string {
  return `${process.ppid} ${parentOf(process.ppid)}`;
}
