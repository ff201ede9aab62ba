import { parentOf } from '../process-tree';

/** A shell and npm may both hand one Ctrl-C on: what comes within this time is the same one. */
const sameSignalMs = 300;

/** What `npm start` and `npm run meteor` bring up. */
interface Running {
  /** Lets everything drain. */
  stop(): Promise<void>;
  /** Ends every process at once. */
  kill(): void;
}

/** The first signal drains, a second one ends everything at once. The end of the terminal counts as a signal. */
export function endWhenAsked(running: Running): void {
  let askedAt: number | undefined;
  const end = async () => {
    if (askedAt === undefined) {
      askedAt = Date.now();
      console.log('Draining; once more ends it at once');
      await running.stop();
      process.exit(0);
    }
    if (Date.now() - askedAt < sameSignalMs) return;
    running.kill();
    process.exit(130);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
  onParentsEnd(end);
  // A terminal or a pipe that is gone must not keep us from draining.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

const lookEveryMs = 1_000;

/** npm and the shell it starts can be killed without a word to us: calls `onEnd` once when either is gone. */
function onParentsEnd(onEnd: () => void): void {
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
