import React, { useCallback, useEffect, useState } from 'react';
import type { AuditPosition, AuditRecord } from '../audit';
import { addressOf, Link } from './route';
import { call, reasonOf } from './session';
import { TableHead } from './TableHead';
import { Ago } from './time';

/** What operators did, the newest 200, and those before on request. */
export function Audit() {
  const [records, setRecords] = useState<AuditRecord[]>();
  const [next, setNext] = useState<AuditPosition>();
  const [problem, setProblem] = useState<string>();
  const load = useCallback(async (before?: AuditPosition) => {
    try {
      const page = await (before ? call('console.audit', before) : call('console.audit'));
      setRecords(earlier => [...(before ? (earlier ?? []) : []), ...page.records]);
      setNext(page.next);
      setProblem(undefined);
    } catch (error) {
      setProblem(reasonOf(error));
    }
  }, []);
  useEffect(() => void load(), [load]);
  return (
    <>
      <div className="console-actions">
        <h2>Audit</h2>
        <button type="button" onClick={() => void load()}>
          Look again
        </button>
      </div>
      {problem && <p role="alert">{problem}</p>}
      {records?.length === 0 && <p className="console-none">Nobody has done anything yet.</p>}
      {records && records.length > 0 && (
        <div className="console-table console-tasks">
          <table>
            <TableHead columns={['Action', 'Who', 'What', 'Outcome', 'When', 'Address']} />
            <tbody>
              {records.map(record => (
                <Row key={record._id} record={record} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {next && (
        <p className="console-paging">
          <button type="button" onClick={() => void load(next)}>
            Earlier ones
          </button>
        </p>
      )}
    </>
  );
}

function Row({ record: { action, by, target = {}, count, outcome, why, at, address } }: { record: AuditRecord }) {
  return (
    <tr>
      <th scope="row">
        {action} {count > 1 && `× ${count}`}
      </th>
      <td data-name="Who">{by ? `${by.name}, ${by.role}` : 'nobody known'}</td>
      <td data-name="What" className="console-words">
        {Object.entries(target).map(([name, value]) => (
          <span key={name}>
            {name === 'taskId' ? <Link to={addressOf('tasks', value)}>{value}</Link> : `${name}: ${value}`}{' '}
          </span>
        ))}
      </td>
      <td data-name="Outcome" className={outcome === 'done' ? undefined : 'console-error'}>
        {outcome}
        {why && `: ${why}`}
      </td>
      <td data-name="When">
        <Ago at={at} />
      </td>
      <td data-name="Address">{address}</td>
    </tr>
  );
}
