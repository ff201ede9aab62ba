import React, { useId, useState } from 'react';
import { call } from '../call';
import { Problem } from '../components/Problem';
import { useAction } from '../components/use-action';
import { seconds as inSeconds, plural } from '../format';

const workerChoices = [1, 2, 4, 8] as const;
const secondChoices = [5, 10, 30] as const;

interface BurnProps {
  running: number;
  waiting: number;
}

/** Gives the workers something heavy to do, so that one can watch. */
export function Burn({ running, waiting }: BurnProps) {
  const [tasks, setTasks] = useState(4);
  const [seconds, setSeconds] = useState(10);
  const { run, busy, problem } = useAction();
  const burning = running + waiting > 0;
  return (
    <form
      className="burn"
      onSubmit={event => {
        event.preventDefault();
        run(() => call('burn.start', { seconds, tasks }));
      }}
    >
      <div className="row">
        <button type="submit" disabled={busy || burning}>
          {burning ? 'Burning …' : 'Burn'}
        </button>
        <Choice
          label="Workers"
          value={tasks}
          choices={workerChoices}
          say={n => plural(n, 'worker')}
          onChoose={setTasks}
        />
        <span className="burn-for" aria-hidden="true">
          for
        </span>
        <Choice label="Seconds" value={seconds} choices={secondChoices} say={inSeconds} onChoose={setSeconds} />
      </div>
      <p className="hint burn-state" role="status">
        {burning && `${stateOf(running, waiting)}.`}
      </p>
      <Problem>{problem}</Problem>
    </form>
  );
}

function stateOf(running: number, waiting: number): string {
  const parts = [
    ...(running > 0 ? [`${plural(running, 'worker')} at full load`] : []),
    ...(waiting > 0 ? [`${plural(waiting, 'task')} waiting`] : []),
  ];
  return parts.join(', ');
}

interface ChoiceProps {
  label: string;
  value: number;
  choices: readonly number[];
  say: (value: number) => string;
  onChoose: (value: number) => void;
}

function Choice({ label, value, choices, say, onChoose }: ChoiceProps) {
  const id = useId();
  return (
    <>
      <label className="unseen" htmlFor={id}>
        {label}
      </label>
      <select id={id} value={value} onChange={event => onChoose(Number(event.target.value))}>
        {choices.map(choice => (
          <option key={choice} value={choice}>
            {say(choice)}
          </option>
        ))}
      </select>
    </>
  );
}
