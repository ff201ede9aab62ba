import { parentOf } from '../process-tree';

/** A shell and npm may both forward one Ctrl-C: signals within this time count as one. */
const sameSignalMs = 300;

/** What `npm start` and `npm run meteor` start. */
interface Running {
  /** Drains everything. */
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
  // A closed terminal or pipe must not stop the drain.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
}

const lookEveryMs = 1_000;

/** npm and its shell can be killed without a signal to us: calls `onEnd` once when either is gone. */
function onParentsEnd(onEnd: () => void): void {
  if (!process.env.npm_lifecycle_event) return; // started by hand: the starting process may leave us running
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
