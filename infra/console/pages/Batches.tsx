import React from 'react';
import type { Batch } from '../../queue/model/batch';
import type { Act } from './ActionButton';
import { BatchGraph } from './BatchGraph';
import { AskButton, BulkWorks } from './Bulk';
import { KeepFocus } from './KeepFocus';
import type { PageProps } from './page-props';
import { addressOf, Link } from './route';
import { carryOut } from './session';
import { Ago } from './time';
import { useView } from './view';

/** The newest batches; or one, where the address has its id. */
export function Batches({ route, act }: PageProps) {
  return route.id === undefined ? <List /> : <One id={route.id} act={act} />;
}

function List() {
  const { value, problem } = useView('batches');
  if (!value) return <p>{problem ?? 'Looking …'}</p>;
  return (
    <section aria-labelledby="batches">
      <h2 id="batches">Batches</h2>
      {value.rows.length === 0 && <p className="console-none">None: `TaskQueue.addBatch` makes one.</p>}
      <ul className="console-list console-batches">
        {value.rows.map(batch => (
          <li key={batch._id}>
            <Link to={addressOf('batches', batch._id)}>{batch.name}</Link> <Ago at={batch.createdAt} />
            <Members batch={batch} />
          </li>
        ))}
      </ul>
      {value.more && <p className="console-none">These are the newest; there are older ones.</p>}
    </section>
  );
}

/** How many of its members have come to which end. */
function Members({ batch }: { batch: Batch }) {
  const { added, done, failed, cancelled } = batch;
  const share = (count: number) => ({ width: `${(100 * count) / Math.max(1, added)}%` });
  return (
    <div className="console-members">
      <div className="bar" aria-hidden="true">
        <span className="done" style={share(done)} />
        <span className="failed" style={share(failed)} />
        <span className="cancelled" style={share(cancelled)} />
      </div>
      <small>{inWords(batch)}</small>
    </div>
  );
}

function inWords({ state, added, done, failed, cancelled, cancelRequested }: Batch): string {
  const ended = done + failed + cancelled;
  const parts = [
    `${ended.toLocaleString()} of ${added.toLocaleString()} have ended`,
    ...(failed > 0 ? [`${failed.toLocaleString()} failed`] : []),
    ...(cancelled > 0 ? [`${cancelled.toLocaleString()} cancelled`] : []),
    cancelRequested && state !== 'ended' ? 'being cancelled' : state,
  ];
  return parts.join(', ');
}

function One({ id, act }: { id: string; act: Act }) {
  const { value, problem } = useView('batch', { id });
  if (!value) return <p>{problem ?? 'Looking …'}</p>;
  const { batch, failed, moreFailed, graph } = value;
  if (!batch) return <p>There is no batch {id}, or no longer: records are kept for 30 days.</p>;
  return (
    <section aria-labelledby="batch">
      <KeepFocus>
        <div className="console-actions" data-row={id}>
          <h2 id="batch">{batch.name}</h2>
          <BatchActions batch={batch} act={act} />
        </div>
      </KeepFocus>
      <BulkWorks act={act} />
      <p className="console-none">
        <code>{batch._id}</code>, made <Ago at={batch.createdAt} /> ago
        {batch.createdBy && (
          <>
            {' '}
            by <TaskLink id={batch.createdBy} />
          </>
        )}
      </p>
      <Members batch={batch} />
      <h3>What comes after what</h3>
      {graph.edges.length === 0 && <p className="console-none">Nothing comes after it, or no longer.</p>}
      {graph.edges.length > 0 && <BatchGraph graph={graph} current={id} />}
      <h3>Failed</h3>
      {failed.length === 0 && <p className="console-none">None of its members.</p>}
      <ul className="console-list">
        {failed.map(member => (
          <li key={member}>
            <TaskLink id={member} />
          </li>
        ))}
      </ul>
      {moreFailed && <p className="console-none">And more.</p>}
    </section>
  );
}

/** Its counts are what is known of it now; a jobs role finds out which tasks these are. */
function BatchActions({ batch, act }: { batch: Batch; act: Act }) {
  const { _id, name, state, added, done, failed, cancelled, cancelRequested } = batch;
  const left = added - done - failed - cancelled;
  return (
    <>
      {failed > 0 && (
        <AskButton
          needs="operator"
          label="Retry the failed"
          question={`Retry the ${failed.toLocaleString()} that have failed of ${name}? What came after the batch does not run again.`}
          onYes={() => void act(`Retry the failed of ${name}`, () => carryOut('retryBatch', _id))}
        />
      )}
      {state !== 'ended' && !cancelRequested && (
        <AskButton
          needs="operator"
          label="Cancel"
          name={`Cancel ${name}`}
          question={`Cancel ${name}? ${left.toLocaleString()} of its tasks have not ended; what comes after it is cancelled too.`}
          onYes={() => void act(`Cancel ${name}`, () => carryOut('cancelBatch', _id))}
        />
      )}
    </>
  );
}

const TaskLink = ({ id }: { id: string }) => (
  <Link to={addressOf('tasks', id)}>
    <code>{id}</code>
  </Link>
);
