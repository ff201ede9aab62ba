/** `npm run tasks -- COMMAND`: the queue of an app in a terminal, on the same code as the console. */
import { plainError } from '../../errors/plain-error';
import { root } from '../root';
import { actOnTasks, pauseOrResume } from './act';
import { type Asked, type CommandName, help, readArguments } from './arguments';
import { actOnAll } from './bulk';
import { doctor, lacksIndex } from './doctor/doctor';
import { explain, list, show } from './look';
import { type OpenQueue, openQueue } from './open';
import { type Output, outputOf } from './output';
import { stats } from './stats';

/** @returns false where it could not be done, or not all of it: the exit code is 1 then. */
type Command = (open: OpenQueue, asked: Asked, output: Output) => Promise<unknown>;

const oneOrAll: Command = (open, asked, output) =>
  asked.flags.all ? actOnAll(open, asked, output) : actOnTasks(open, asked, output);

const commands: Record<CommandName, Command> = {
  list,
  show,
  explain,
  retry: oneOrAll,
  cancel: oneOrAll,
  replay: oneOrAll,
  pause: pauseOrResume,
  resume: pauseOrResume,
  stats,
  doctor,
};

async function run(args: readonly string[]): Promise<boolean> {
  const asked = readArguments(args);
  if (asked.flags.help) {
    console.log(help);
    return true;
  }
  const open = await openQueue(root, asked.flags);
  try {
    return (await commands[asked.command](open, asked, outputOf(asked.flags.json === true))) !== false;
  } finally {
    await open.close();
  }
}

/** A person's mistake is one message; a fault of ours has its stack. */
function tell(thrown: unknown): void {
  const { name, message, stack } = plainError(thrown);
  const isOurs = name === 'TypeError' || name === 'ReferenceError';
  if (lacksIndex(message)) console.error('An index of the queue is missing: npm run tasks -- doctor');
  else console.error(isOurs ? stack : message);
}

run(process.argv.slice(2)).then(
  isDone => {
    process.exitCode = isDone ? 0 : 1;
  },
  error => {
    tell(error);
    process.exitCode = 1;
  },
);
