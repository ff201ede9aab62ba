import React, { type ReactNode, useContext, useRef, useState } from 'react';
import type { OperatorRole } from '../../settings';
import { covers } from '../actions';
import type { TaskSelection } from '../targets';
import type { ViewOf } from '../views';
import { type Act, ActionButton, RoleContext } from './ActionButton';
import { carryOut } from './session';
import { useNow } from './state';
import { Ago } from './time';
import { useView } from './view';

interface AskProps {
  label: string;
  /** The button's name for screen readers, where there are several with its label. */
  name?: string;
  /** Shown to this role and those above. Default: whoever shows it has looked. */
  needs?: OperatorRole;
  question: string;
  onYes: () => void;
  children?: ReactNode;
}

/** A button that asks before it does something that can't be taken back. Escape is no. */
export function AskButton({ label, name = label, needs = 'viewer', question, onYes, children }: AskProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  if (!covers(useContext(RoleContext), needs)) return null;
  const close = () => dialog.current?.close();
  return (
    <>
      <button type="button" aria-label={name} onClick={() => dialog.current?.showModal()}>
        {label}
      </button>
      <dialog ref={dialog} className="console-ask" aria-label={name}>
        <p>{question}</p>
        {children}
        <div className="console-actions">
          <button
            type="button"
            className="main"
            onClick={() => {
              close();
              onYes();
            }}
          >
            {label}
          </button>
          <button type="button" onClick={close}>
            No
          </button>
        </div>
      </dialog>
    </>
  );
}

type Kind = TaskSelection['kind'];
const labels: Record<Kind, string> = { retry: 'Retry', replay: 'Replay', cancel: 'Cancel', remove: 'Delete' };

/** What can be done to tasks in a state; to those of any, everything. */
const kindsFor = (state: string | undefined): Kind[] => {
  if (state === undefined) return ['retry', 'replay', 'cancel', 'remove'];
  if (state === 'done') return ['replay', 'remove'];
  if (state === 'rejected') return ['retry', 'remove'];
  if (state === 'failed' || state === 'cancelled') return ['retry', 'replay', 'remove'];
  return state === 'running' ? ['cancel'] : ['cancel', 'remove'];
};

interface BulkBarProps {
  ids: readonly string[];
  q: string;
  isAllOfPage: boolean;
  hasMore: boolean;
  state: string | undefined;
  act: Act;
  onDone: () => void;
}

/** What can be done to the chosen tasks, or to all that match. */
export function BulkBar({ ids, q, isAllOfPage, hasMore, state, act, onDone }: BulkBarProps) {
  const [all, setAll] = useState(false);
  const isAll = all && isAllOfPage;
  if (ids.length === 0) return null;
  const whom = isAll ? `all that match "${q}"` : `${ids.length} ${ids.length === 1 ? 'task' : 'tasks'}`;
  const start = (kind: Kind) => () => {
    const selection: TaskSelection = isAll ? { kind, q } : { kind, ids: [...ids] };
    void act(`${labels[kind]} ${whom}`, () => carryOut('bulk', selection)).then(onDone);
  };
  return (
    <div className="console-actions console-bulk">
      <strong>{isAll ? 'All that match' : `${ids.length} selected`}</strong>
      {isAllOfPage && hasMore && (
        <label>
          <input type="checkbox" checked={all} onChange={event => setAll(event.target.checked)} /> all that match, not
          only this page
        </label>
      )}
      {kindsFor(state).map(kind => (
        <AskButton key={kind} label={labels[kind]} question={`${labels[kind]} ${whom}?`} onYes={start(kind)} />
      ))}
    </div>
  );
}

const shownAfterMs = 120_000;

/** Work on many tasks: what goes on, with how far it is, and what has ended just now. */
export function BulkWorks({ act }: { act: Act }) {
  const { value } = useView('bulkWorks');
  const now = useNow();
  const rows = value?.rows ?? [];
  const shown = rows.filter(({ endedAt }) => !endedAt || now - endedAt.getTime() < shownAfterMs);
  if (shown.length === 0) return null;
  return (
    <ul className="console-works" aria-label="Work on many tasks">
      {shown.map(work => (
        <Work key={work._id} work={work} act={act} />
      ))}
    </ul>
  );
}

function Work({ work, act }: { work: NonNullable<ViewOf<'bulkWorks'>['rows']>[number]; act: Act }) {
  const { _id, kind, state, of, done, skipped, problems, stopRequested, error, startedAt } = work;
  const canAct = covers(useContext(RoleContext), 'operator');
  const dealtWith = done + skipped;
  return (
    <li>
      <strong>{labels[kind]}</strong>{' '}
      <span>
        {dealtWith.toLocaleString()} of {of === undefined ? '…' : of.toLocaleString()}
        {skipped > 0 && `, ${skipped} left out`}
      </span>
      {state === 'running' && (
        <progress value={of ? dealtWith / of : 0} max={1} aria-label={`${labels[kind]}: progress`} />
      )}
      <span>
        {state === 'running' && stopRequested ? 'stopping' : state}, begun <Ago at={startedAt} /> ago
      </span>
      {state === 'running' && !stopRequested && canAct && <ActionButton action="stopBulk" target={_id} act={act} />}
      {(error ?? problems[0]) && <span className="console-error">{error ?? problems.join('; ')}</span>}
    </li>
  );
}
