import React, { type FormEvent, useId, useState } from 'react';
import { rowsProblem } from '../../api/reports/schema';
import { maxReportRows } from '../../tasks/reports/documents';
import { call } from '../call';
import { Problem } from '../components/Problem';
import { useAction } from '../components/use-action';
import { count } from '../format';

const sizes = [1_000, 20_000, maxReportRows] as const;

export function ReportForm() {
  const id = useId();
  const [text, setText] = useState('20000');
  const { run, busy, problem, setProblem } = useAction();

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const rows = text.trim() === '' ? Number.NaN : Number(text);
    const wrong = rowsProblem(rows);
    if (wrong) setProblem(wrong);
    else await run(() => call('reports.build', { rows }));
  };

  const choose = (value: string) => {
    setText(value);
    setProblem(undefined);
  };

  return (
    <form className="report-form" onSubmit={submit} noValidate>
      <label htmlFor={id}>Rows</label>
      <div className="row">
        <input
          id={id}
          name="rows"
          type="number"
          inputMode="numeric"
          min={1}
          max={maxReportRows}
          step={1}
          value={text}
          onChange={event => choose(event.target.value)}
          aria-invalid={problem !== undefined}
          aria-describedby={problem ? `${id}-problem` : undefined}
        />
        <button type="submit" className="main" disabled={busy}>
          Build report
        </button>
      </div>
      <Problem id={`${id}-problem`}>{problem}</Problem>
      <fieldset className="chips">
        <legend className="unseen">Usual sizes</legend>
        {sizes.map(size => (
          <button
            key={size}
            type="button"
            className="chip"
            aria-pressed={text === String(size)}
            onClick={() => choose(String(size))}
          >
            {count(size)}
          </button>
        ))}
      </fieldset>
    </form>
  );
}
